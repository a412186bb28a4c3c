//! The reading of a request that its signature fits.

use crate::raw::HostForm;
use crate::sign_v1::FieldsForm;
use crate::sign_v3::TypeForm;

/// That a signature is right, and which reading of the request it was right for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verified {
    /// Under v1.
    V1 {
        /// The signed host.
        host: HostForm,
        /// The signed fields.
        fields: FieldsForm,
    },
    /// Under TC3.
    V3 {
        /// The signed host.
        host: HostForm,
        /// The signed content type.
        content_type: TypeForm,
        /// Whether the signature does not cover the body (`X-TC-Content-SHA256: UNSIGNED-PAYLOAD`).
        unsigned_payload: bool,
    },
}

impl Verified {
    pub(super) fn of_v3((host, content_type, unsigned_payload): (HostForm, TypeForm, bool)) -> Self {
        Self::V3 { host, content_type, unsigned_payload }
    }
}
