//! The machines and channels that a `.env` describes: the broker, producers
//! numbered from 1, clients, and the network of the containers.
//!
//! `framecast up` takes ids, names, folders, rates and `BROKER_PORT` from it; the container addresses are for
//! compose, and checked here because a wrong one is found nowhere else before the containers start.

mod error;
mod network;
#[cfg(test)]
mod tests;
mod vars;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use producer::source::FrameRate;
use protocol::id::ProducerId;

pub(crate) use self::error::{Fault, TopologyError};
use self::network::Network;
use self::vars::{Origin, Vars};
use crate::{address, value};

/// Producers of one file: what one machine still starts together.
const PRODUCERS_MAX: usize = 256;
/// Clients of one file.
const CLIENTS_MAX: usize = 256;
/// What belongs to a producer, before its number.
const PRODUCER_FIELDS: [&str; 7] =
    ["PRODUCER_ID", "PRODUCER_NAME", "PRODUCER_IP", "PRODUCER_FRAMES", "PRODUCER_AUDIO", "DELAY", "RATE"];

/// Everything that a `.env` says, checked.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Topology {
    /// The broker's UDP port.
    pub(crate) broker_port: u16,
    /// The producers, in the order of their numbers; at least one.
    pub(crate) producers: Vec<ProducerSpec>,
    /// The clients' own UDP port, if one is set.
    pub(crate) client_port: Option<u16>,
    /// The addresses of the containers.
    pub(crate) network: Network,
}

/// One producer of a [`Topology`].
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ProducerSpec {
    /// Its id, unlike any other.
    pub(crate) id: ProducerId,
    /// Its name, may be empty.
    pub(crate) name: String,
    /// The folder of its pictures; at least one of the two folders is given.
    pub(crate) frames: Option<PathBuf>,
    /// The folder of its sound.
    pub(crate) audio: Option<PathBuf>,
    /// Frames per second; the usual ones where it is not given.
    pub(crate) rate: Option<FrameRate>,
    /// Time before it starts.
    pub(crate) delay: Duration,
}

impl Topology {
    /// Reads the file, and lets `environment` override it variable by variable.
    ///
    /// Relative folders count from the folder of the file, as compose has it; those that come from the
    /// environment count from the working directory, where whoever typed them was.
    ///
    /// # Errors
    ///
    /// When the file can't be read, or at its first wrong, missing or surplus variable.
    pub(crate) fn read(
        file: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, TopologyError> {
        let text = vars::read_file(file)?;
        Self::parse(file, vars::of_text(file, &text)?, environment)
    }

    /// The same without the reading: `variables` are those of the file.
    ///
    /// # Errors
    ///
    /// At the first wrong, missing or surplus variable.
    pub(crate) fn parse(
        file: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, TopologyError> {
        let mut vars = Vars::new(file);
        vars.extend(Origin::File, variables);
        vars.extend(Origin::Environment, environment);

        let producers = producers(&vars)?;
        Ok(Self {
            broker_port: vars.parse("BROKER_PORT", value::port)?.unwrap_or(address::BROKER_PORT),
            client_port: vars.parse("CLIENT_PORT", value::port)?,
            network: network::network(&vars, producers.len(), clients(&vars)?)?,
            producers,
        })
    }
}

fn producers(vars: &Vars) -> Result<Vec<ProducerSpec>, TopologyError> {
    let count = vars.numbered(&PRODUCER_FIELDS, "PRODUCER_ID", PRODUCERS_MAX)?;
    if count == 0 {
        return Err(vars.missing("PRODUCER_ID1", None, "name a producer, such as PRODUCER_ID1=1AAA99"));
    }
    let mut producers: Vec<ProducerSpec> = Vec::with_capacity(count);
    for number in 1..=count {
        let spec = producer(vars, number)?;
        if let Some(earlier) = producers.iter().position(|other| other.id == spec.id) {
            let name = format!("PRODUCER_ID{number}");
            let other = format!("PRODUCER_ID{}", earlier + 1);
            return Err(vars.wrong(&name, Fault::Duplicate { other }));
        }
        producers.push(spec);
    }
    Ok(producers)
}

fn producer(vars: &Vars, number: usize) -> Result<ProducerSpec, TopologyError> {
    let named = |field: &str| format!("{field}{number}");
    let id = named("PRODUCER_ID");
    let (frames, audio) = (named("PRODUCER_FRAMES"), named("PRODUCER_AUDIO"));
    let spec = ProducerSpec {
        id: vars
            .parse(&id, value::id)?
            .ok_or_else(|| vars.missing(&id, None, "give it an id, such as 1AAA99"))?,
        name: vars.parse(&named("PRODUCER_NAME"), value::name)?.unwrap_or_default(),
        frames: vars.folder(&frames),
        audio: vars.folder(&audio),
        rate: vars.parse(&named("RATE"), value::rate)?,
        delay: vars.parse(&named("DELAY"), value::delay)?.unwrap_or_default(),
    };
    if spec.frames.is_none() && spec.audio.is_none() {
        let remedy = format!("name the folder of its pictures, or that of its sound in {audio}");
        return Err(vars.missing(&frames, Some(&id), &remedy));
    }
    Ok(spec)
}

fn clients(vars: &Vars) -> Result<usize, TopologyError> {
    vars.numbered(&["CLIENT_IP"], "CLIENT_IP", CLIENTS_MAX)
}

fn ip_address(text: &str) -> Result<IpAddr, Fault> {
    text.parse().map_err(|_| Fault::Address)
}
