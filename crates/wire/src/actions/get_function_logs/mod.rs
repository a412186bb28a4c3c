//! `GetFunctionLogs`: the runs of a function, with their output.
//!
//! The service has retired this action. Here it follows the documents; these rules are ours, where they are silent:
//!
//! | question | answer |
//! | --- | --- |
//! | no `FunctionName` | every function of the namespace |
//! | no `Qualifier` | every version |
//! | no window | with `FunctionRequestId` all retained runs, otherwise the last 24 hours |
//! | `Limit` 0 | only the total |
//! | `SearchContext.Keyword` | keeps runs whose `Log` or `RetMsg` contains it |
//! | `SearchContext.Offset` | continues after the page that returned it; a positive `SearchContext.Limit` is then the size of the page |
//! | `SearchContext.Type` | returned as given; the log of a run contains the lines of the platform and of the program |

mod request;
mod response;
mod table;

pub use request::{Request, SearchContext};
pub(super) use response::{FunctionLog, search_context};
pub use table::TABLE;
