//! The reference sender: one segmented send of each frame for each viewer, and nothing else.
//!
//! Viewers and producers are those of `framecast bench`, so they have to be met as by a broker: until it is *armed*, an
//! ordinary broker engine does that, and it is noted who is sent media. From then on a frame that came in whole is sent to
//! all of them, one segmented send each, by bare system calls; what viewers say is read and thrown away. Only the
//! producers get a word now and then, since they would stop otherwise.

mod bare;
mod joining;
mod wire;

use std::net::SocketAddr;

use anyhow::Result;

pub(crate) use wire::Wire;

/// The datagram that ends the joining.
pub(crate) const ARM: &[u8] = b"\xFFarm the reference sender";

/// Serves until it is killed.
pub(crate) fn serve(listen: SocketAddr) -> Result<()> {
    let mut wire = Wire::bind(listen)?;
    let audience = joining::serve_until_armed(&mut wire)?;
    bare::serve(&mut wire, audience)
}
