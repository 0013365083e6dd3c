//! From what a person writes to a socket address.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use thiserror::Error;

/// Why a text is no address.
#[derive(Debug, Error)]
pub enum ResolveError {
    /// Nothing stands where the host belongs.
    #[error("`{0}` names no host: write HOST:PORT, such as 127.0.0.1:5000 or [::1]:5000")]
    NoHost(String),
    /// What follows the last colon is no port.
    #[error("`{0}` has no valid port after the colon: a port is a number from 0 to 65535")]
    BadPort(String),
    /// Colons or brackets of an IPv6 address that is none, or a bracket without its counterpart.
    #[error("`{0}` is no IPv6 address: write [ADDRESS]:PORT, such as [::1]:5000")]
    BadIpv6(String),
    /// The system's resolver failed.
    #[error("`{host}` could not be resolved: {source}; check the spelling and DNS, or write the IP address")]
    Unknown {
        /// The host name.
        host: String,
        /// The resolver's words.
        source: io::Error,
    },
    /// The name exists, but has no address.
    #[error("`{0}` has no IP address: check DNS, or write the IP address")]
    NoAddress(String),
}

/// Resolves `HOST`, `HOST:PORT`, `ADDRESS`, `ADDRESS:PORT`, `[IPv6]` or `[IPv6]:PORT`.
///
/// Of a name with several addresses the first IPv4 one is taken: a broker on `[::]` and one on `0.0.0.0`
/// both answer there. Whoever wants IPv6 writes the address. A bare IPv6 address is one to its end: its port
/// needs the brackets.
///
/// Blocks while the system resolves a name; call it before the loop starts.
///
/// # Errors
/// [`ResolveError`], which names the value and the remedy.
pub fn resolve(host_port: &str, default_port: u16) -> Result<SocketAddr, ResolveError> {
    let text = host_port.trim();
    if let Ok(addr) = text.parse::<SocketAddr>() {
        return Ok(addr);
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, default_port));
    }
    let (host, port) = split(text, default_port)?;
    if host.is_empty() {
        return Err(ResolveError::NoHost(text.to_owned()));
    }
    let found = (host, port)
        .to_socket_addrs()
        .map_err(|source| ResolveError::Unknown { host: host.to_owned(), source })?;
    prefer_ipv4(found).ok_or_else(|| ResolveError::NoAddress(host.to_owned()))
}

/// The host without brackets, and the port.
fn split(text: &str, default_port: u16) -> Result<(&str, u16), ResolveError> {
    let (host, port) = if let Some(bracketed) = text.strip_prefix('[') {
        let (host, after) = bracketed
            .split_once(']')
            .filter(|(host, after)| host.contains(':') && (after.is_empty() || after.starts_with(':')))
            .ok_or_else(|| ResolveError::BadIpv6(text.to_owned()))?;
        (host, after.strip_prefix(':'))
    } else {
        match text.rsplit_once(':') {
            // An IPv6 address without brackets: only the resolver knows the names of zones.
            Some((before, _)) if before.contains(':') && text.contains('%') => (text, None),
            Some((before, _)) if before.contains(':') => return Err(ResolveError::BadIpv6(text.to_owned())),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let port = match port {
        None => default_port,
        Some(digits) => digits.parse().map_err(|_| ResolveError::BadPort(text.to_owned()))?,
    };
    Ok((host, port))
}

fn prefer_ipv4(addrs: impl Iterator<Item = SocketAddr>) -> Option<SocketAddr> {
    let addrs: Vec<SocketAddr> = addrs.collect();
    addrs.iter().find(|addr| addr.is_ipv4()).or_else(|| addrs.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        let table = [
            ("127.0.0.1:5000", "127.0.0.1:5000"),
            ("127.0.0.1", "127.0.0.1:7000"),
            (" 127.0.0.1:5000 ", "127.0.0.1:5000"),
            ("0.0.0.0:0", "0.0.0.0:0"),
            ("[::1]:5000", "[::1]:5000"),
            ("[::1]", "[::1]:7000"),
            ("::1", "[::1]:7000"),
            ("[::]:5000", "[::]:5000"),
            ("[fe80::1%2]:5000", "[fe80::1%2]:5000"),
            ("localhost", "127.0.0.1:7000"),
            ("localhost:5000", "127.0.0.1:5000"),
        ];
        for (text, expected) in table {
            assert_eq!(resolve(text, 7000).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_zone_may_be_named_by_its_interface() {
        for text in ["[fe80::1%lo]:5000", "fe80::1%lo"] {
            assert_eq!(resolve(text, 5000).unwrap().to_string(), "[fe80::1%1]:5000");
        }
    }

    #[test]
    fn what_is_no_address_is_named_with_the_remedy() {
        let table = [
            ("", "names no host"),
            (":5000", "names no host"),
            ("localhost:", "a number from 0 to 65535"),
            ("localhost:65536", "a number from 0 to 65535"),
            ("localhost:-1", "a number from 0 to 65535"),
            ("127.0.0.1:port", "a number from 0 to 65535"),
            ("[::1]:x", "a number from 0 to 65535"),
            ("[::1", "[ADDRESS]:PORT"),
            ("[::1]5000", "[ADDRESS]:PORT"),
            ("[localhost]:5000", "[ADDRESS]:PORT"),
            ("[]:5000", "[ADDRESS]:PORT"),
            ("1::2::3", "[ADDRESS]:PORT"),
            ("127.0.0.1:5000:1", "[ADDRESS]:PORT"),
            ("no\0name", "could not be resolved"),
        ];
        for (text, remedy) in table {
            let message = resolve(text, 7000).unwrap_err().to_string();
            assert!(message.contains(&format!("`{text}`")), "{message}");
            assert!(message.contains(remedy), "{message}");
        }
    }

    #[test]
    fn of_several_addresses_the_first_ipv4_one_is_taken() {
        let choose =
            |list: &[&str]| prefer_ipv4(list.iter().map(|it| it.parse().unwrap())).map(|it| it.to_string());
        assert_eq!(choose(&["[::1]:1", "10.0.0.1:1", "10.0.0.2:1"]).as_deref(), Some("10.0.0.1:1"));
        assert_eq!(choose(&["[::1]:1", "[::2]:1"]).as_deref(), Some("[::1]:1"));
        assert_eq!(choose(&[]), None);
    }
}
