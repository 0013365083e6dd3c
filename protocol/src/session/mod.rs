//! What both ends of a session share: numbering, replay, round-trip time, requests, and the dialling end's
//! handshake (PROTOCOL 2.3, 4, 5.1).

pub mod link;
pub mod numbering;
pub mod request;
pub mod rtt;
