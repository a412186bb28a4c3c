//! The Tencent Cloud API 3.0 dialect as bytes in and bytes out: parameters, signatures, envelope, errors and actions.
