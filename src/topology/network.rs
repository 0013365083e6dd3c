//! The containers' addresses: inside the subnet, and each once.

use std::net::IpAddr;

use super::error::{Fault, TopologyError};
use super::ip_address;
use super::vars::Vars;

/// The network of the containers, as far as it is given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Network {
    /// `SUBNET`.
    pub(crate) subnet: Option<Subnet>,
    /// `VIEWER_RANGE`: where the addresses come from that nobody chooses.
    pub(crate) viewers: Option<Subnet>,
    /// `GATEWAY`.
    pub(crate) gateway: Option<IpAddr>,
    /// `BROKER_IP`.
    pub(crate) broker: Option<IpAddr>,
    /// `PRODUCER_IPn`, in the order of the numbers.
    pub(crate) producers: Vec<Option<IpAddr>>,
    /// `CLIENT_IPn`.
    pub(crate) clients: Vec<IpAddr>,
}

/// A range of addresses: `172.20.0.0/16`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Subnet {
    address: IpAddr,
    prefix: u8,
}

/// Reads the addresses of so many producers and clients.
pub(super) fn network(vars: &Vars, producers: usize, clients: usize) -> Result<Network, TopologyError> {
    let subnet = vars.parse("SUBNET", |text| Subnet::parse(text).ok_or(Fault::Subnet))?;
    let viewers = vars.parse("VIEWER_RANGE", |text| {
        let range = Subnet::parse(text).ok_or(Fault::Subnet)?;
        match subnet.filter(|subnet| !subnet.covers(range)) {
            Some(subnet) => Err(Fault::Outside(subnet)),
            None => Ok(range),
        }
    })?;
    let mut taken = Addresses { vars, subnet, viewers, taken: Vec::new() };
    Ok(Network {
        subnet,
        viewers,
        gateway: taken.take("GATEWAY")?,
        broker: taken.take("BROKER_IP")?,
        producers: (1..=producers)
            .map(|number| taken.take(&format!("PRODUCER_IP{number}")))
            .collect::<Result<_, _>>()?,
        clients: (1..=clients)
            .filter_map(|number| taken.take(&format!("CLIENT_IP{number}")).transpose())
            .collect::<Result<_, _>>()?,
    })
}

struct Addresses<'a> {
    vars: &'a Vars,
    subnet: Option<Subnet>,
    viewers: Option<Subnet>,
    taken: Vec<(IpAddr, String)>,
}

impl Addresses<'_> {
    fn take(&mut self, name: &str) -> Result<Option<IpAddr>, TopologyError> {
        let Some(ip) = self.vars.parse(name, ip_address)? else { return Ok(None) };
        if let Some(subnet) = self.subnet.filter(|subnet| !subnet.contains(ip)) {
            return Err(self.vars.wrong(name, Fault::Outside(subnet)));
        }
        if let Some(viewers) = self.viewers.filter(|viewers| viewers.contains(ip)) {
            return Err(self.vars.wrong(name, Fault::ForViewers(viewers)));
        }
        if let Some((_, other)) = self.taken.iter().find(|(other, _)| *other == ip) {
            return Err(self.vars.wrong(name, Fault::Duplicate { other: other.clone() }));
        }
        self.taken.push((ip, name.to_owned()));
        Ok(Some(ip))
    }
}

impl Subnet {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix) = (address.parse::<IpAddr>().ok()?, prefix.parse().ok()?);
        let bits = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= bits).then_some(Self { address, prefix })
    }

    fn covers(self, range: Self) -> bool {
        range.prefix >= self.prefix && self.contains(range.address)
    }

    fn contains(self, ip: IpAddr) -> bool {
        match (self.address, ip) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let differing = u32::from(net) ^ u32::from(ip);
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let differing = u128::from(net) ^ u128::from(ip);
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
