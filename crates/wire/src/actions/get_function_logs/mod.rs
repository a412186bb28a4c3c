//! `GetFunctionLogs`: the runs of a function, with what they printed.
//!
//! The service has retired this action; its contract here is the documents', and where they are silent ours:
//!
//! | question | answer |
//! | --- | --- |
//! | no `FunctionName` | every function of the namespace |
//! | no `Qualifier` | every version |
//! | no window | with `FunctionRequestId` everything retained, else the 24 hours up to now |
//! | `Limit` 0 | the total alone |
//! | `SearchContext.Keyword` | keeps runs whose `Log` or `RetMsg` contains it |
//! | `SearchContext.Offset` | continues after the page whose answer carried it; then a positive `SearchContext.Limit` is the size of the page |
//! | `SearchContext.Type` | answered as given; the log of a run holds the platform's lines and the program's |

mod request;
mod response;
mod table;

pub use request::{Request, SearchContext};
pub use response::response;
pub(super) use response::{FunctionLog, search_context};
pub use table::TABLE;
