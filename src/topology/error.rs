//! Why a `.env` is no topology.

use std::path::PathBuf;
use std::{fmt, io};

use client::shell::echo::Echo;
use thiserror::Error;

use super::network::Subnet;
use super::vars::FILE_LEN_MAX;
use crate::failure::Status;
use crate::value;

/// Why a `.env` is no topology: one line with the file, the variable, its value and the remedy.
#[derive(Debug, Error)]
pub(crate) enum TopologyError {
    /// There is no such file.
    #[error(
        "no file {}: name one with --file, or write it: PRODUCER_ID1=1AAA99 and PRODUCER_FRAMES1=FOLDER are enough",
        file.display()
    )]
    Absent {
        /// The file.
        file: PathBuf,
    },
    /// The file can't be read.
    #[error("{}: cannot be read: {cause}; name a .env file that can", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// No `.env` is that large.
    #[error("{}: more than {FILE_LEN_MAX} bytes: this is no .env file", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// A line that is no assignment.
    #[error("{}: '{}' is not of the form NAME=value: correct it, or put # in front", file.display(), Echo(line))]
    Line {
        /// The file.
        file: PathBuf,
        /// The line.
        line: String,
    },
    /// A variable has a wrong value.
    #[error("{origin}: {variable}={}: {fault}", Echo(value))]
    Wrong {
        /// The file, or the environment.
        origin: String,
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
        /// What is wrong with the value.
        fault: Fault,
    },
    /// A variable is missing.
    #[error("{origin}: {variable} is missing{}: {remedy}", Though(though))]
    Missing {
        /// The file.
        origin: String,
        /// The variable.
        variable: String,
        /// The variable whose presence asks for it.
        though: Option<String>,
        /// What to do.
        remedy: String,
    },
}

impl TopologyError {
    /// The status with which the process ends.
    pub(crate) const fn status(&self) -> Status {
        match self {
            Self::Absent { .. } => Status::InputMissing,
            Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::Line { .. }
            | Self::Wrong { .. }
            | Self::Missing { .. } => Status::BadConfiguration,
        }
    }
}

/// What is wrong with a value, and what is right.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub(crate) enum Fault {
    /// Wrong by itself.
    #[error(transparent)]
    Value(#[from] value::Fault),
    /// The same value as another variable that must differ.
    #[error("{other} has the same: choose another")]
    Duplicate {
        /// The other variable.
        other: String,
    },
    /// Not an address.
    #[error("not an IP address: write one such as 172.20.0.2")]
    Address,
    /// Not a subnet.
    #[error("not a subnet: write an address and a prefix length, such as 172.20.0.0/16")]
    Subnet,
    /// An address elsewhere.
    #[error("outside SUBNET={0}: choose an address within it")]
    Outside(Subnet),
    /// An address that a viewer may get.
    #[error("inside VIEWER_RANGE={0}: choose an address outside it")]
    ForViewers(Subnet),
    /// A number written `01` or `0`.
    #[error("producers and clients are numbered 1, 2, 3: write {0}")]
    Number(String),
    /// A number beyond the limit.
    #[error("too many: numbers go up to {0}")]
    TooMany(usize),
}

struct Though<'a>(&'a Option<String>);

impl fmt::Display for Though<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(variable) => write!(f, " though {variable} is set"),
            None => Ok(()),
        }
    }
}
