//! Any path of runlog's own API, for callers that read its answers by types of their own.

use runlog_wire::text::encode_form;
use serde::de::DeserializeOwned;

use crate::{Client, Error};

impl Client {
    /// The JSON of a path such as `/api/v1/stats`, with these parameters.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn get_json<T: DeserializeOwned>(&self, path: &str, parameters: &[(&str, &str)]) -> Result<T, Error> {
        let query = encode_form(parameters.iter().copied());
        self.get(&if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
    }
}
