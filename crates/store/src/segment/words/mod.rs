//! Finding keywords without reading every text.
//!
//! ```text
//! stripe    = term page* | postings | forms | directory
//! postings  = postings of the rows with lines of no kept form, if any | postings of each form (`rows.rs`) | crc 4
//! forms     = zstd( count varint | bytes of the first postings varint | (text bytes varint, postings bytes varint)* |
//!             texts ) | crc 4
//! directory = blocks that may have any term, blocks with long runs: each bytes varint, numbers (`rice.rs`) |
//!             lanes of: first row of each text block, offset of each term page (one more) | padding | crc 4
//! ```
//!
//! A segment is indexed in *stripes*, which are rows of whole text blocks, about 262,144 each, so that writing one
//! takes a bounded amount of memory. Row and block numbers count from the stripe's first, offsets from its first page.
//!
//! Lines of logs are alike but for their numbers. So a stripe keeps each *form* (`form.rs`) of its lines once, with
//! the rows that have such a line. A keyword without digits is looked for in the forms, which decide about most rows
//! for good; a keyword with digits must fit a form too, and its numbers are found by their hashes (`terms.rs`), by text
//! block. What is not decided is read. Forms beyond a number of bytes are not kept: rows with such a line are read.

mod builder;
mod check;
mod cut;
mod dense;
mod form;
mod forms;
mod probe;
mod rice;
mod rows;
mod stripe;
mod terms;

pub(crate) use builder::StripeBuilder;
pub(crate) use check::StripeCheck;
pub(crate) use probe::Probe;
pub(crate) use rows::RowSet;
pub(crate) use stripe::{CHECKED_PARTS, Candidates, Stripe};
