//! Datagrams that the kernel threw away because the receive buffer was full.
//!
//! They are seen by no call on the socket, only in the kernel's table of sockets (Linux).

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

/// The columns of a socket's inode and of its drops in `/proc/net/udp` and `udp6`.
const INODE_COLUMN: usize = 9;
const DROPS_COLUMN: usize = 12;

/// The inode of a socket, by which the kernel's table names it.
pub(crate) fn inode(socket: impl AsFd) -> Option<u64> {
    let descriptor = socket.as_fd().try_clone_to_owned().ok()?;
    Some(File::from(descriptor).metadata().ok()?.ino())
}

/// The drops of the sockets with these inodes since they were bound; `None` where the table has none of them.
///
/// The table is as long as there are sockets in the system: who asks for many reads it once.
pub(crate) fn of_sockets(inodes: &BTreeSet<u64>, ipv6: bool) -> Option<u64> {
    let table = if ipv6 { "/proc/self/net/udp6" } else { "/proc/self/net/udp" };
    in_table(&std::fs::read_to_string(table).ok()?, inodes)
}

fn in_table(table: &str, inodes: &BTreeSet<u64>) -> Option<u64> {
    let drops = table.lines().skip(1).filter_map(|line| {
        let mut columns = line.split_ascii_whitespace();
        let found: u64 = columns.nth(INODE_COLUMN)?.parse().ok()?;
        inodes.contains(&found).then(|| columns.nth(DROPS_COLUMN - INODE_COLUMN - 1)?.parse().ok())?
    });
    drops.reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1001: 0100007F:1388 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 40412 2 00000000 17
 1002: 00000000:1389 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 40413 2 00000000 0
 1003: 00000000:138A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 40414 2 00000000 18
";

    fn drops(table: &str, inodes: &[u64]) -> Option<u64> {
        in_table(table, &inodes.iter().copied().collect())
    }

    #[test]
    fn the_drops_of_a_socket_are_found_by_its_inode() {
        assert_eq!(drops(TABLE, &[40_412]), Some(17));
        assert_eq!(drops(TABLE, &[40_413]), Some(0));
        assert_eq!(drops(TABLE, &[1]), None);
        assert_eq!(drops("", &[1]), None);
    }

    #[test]
    fn the_drops_of_several_sockets_add_up_in_one_reading() {
        assert_eq!(drops(TABLE, &[40_413, 40_414, 1]), Some(18));
        assert_eq!(drops(TABLE, &[]), None);
    }
}
