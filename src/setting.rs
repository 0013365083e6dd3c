//! A value from the command line or, without one there, from its environment variable.
//!
//! The flag wins, and an empty variable is none, as in compose. clap reads variables as well, but takes an empty one
//! for a value and calls a wrong one a usage error; who has deployed a container wants to hear that its
//! configuration is wrong, and by which name.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use anyhow::anyhow;
use client::shell::echo::Echo;

use crate::failure::{Failure, Status};
use crate::value;

/// The two names of a setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// `--rate`
    pub(crate) flag: &'static str,
    /// `RATE`
    pub(crate) variable: &'static str,
}

/// A value, and where it was given.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    origin: Origin,
    value: T,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Origin {
    Flag(&'static str),
    Variable(&'static str),
}

impl Name {
    /// A text. `given` is what the flag says.
    ///
    /// # Errors
    ///
    /// A variable that is no text.
    pub(crate) fn text(self, given: Option<String>) -> Result<Option<Setting<String>>, Failure> {
        if let Some(value) = given {
            return Ok(Some(Setting { origin: Origin::Flag(self.flag), value }));
        }
        let Some(value) = env_value(self.variable) else { return Ok(None) };
        let origin = Origin::Variable(self.variable);
        let value = value.into_string().map_err(|value| {
            origin.refuse(&value.to_string_lossy(), &"holds bytes that are no UTF-8: set it to plain text")
        })?;
        Ok(Some(Setting { origin, value }))
    }

    /// What the text means, as `read` understands it.
    ///
    /// # Errors
    ///
    /// What [`Self::text`] and `read` say.
    pub(crate) fn value<T, E: fmt::Display>(
        self,
        given: Option<String>,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Failure> {
        self.text(given)?.map(|text| text.parse(read).map(Setting::into_value)).transpose()
    }

    /// A path.
    pub(crate) fn path(self, given: Option<PathBuf>) -> Option<Setting<PathBuf>> {
        let by_flag = given.map(|value| Setting { origin: Origin::Flag(self.flag), value });
        by_flag.or_else(|| {
            let value = env_value(self.variable)?.into();
            Some(Setting { origin: Origin::Variable(self.variable), value })
        })
    }

    /// A switch, `Some` where it is on.
    ///
    /// # Errors
    ///
    /// A variable that says neither yes nor no.
    pub(crate) fn switch(self, given: bool) -> Result<Option<Setting<()>>, Failure> {
        if given {
            return Ok(Some(Setting { origin: Origin::Flag(self.flag), value: () }));
        }
        let on = self.text(None)?.map(|text| text.parse(value::switch)).transpose()?;
        Ok(on.filter(|on| on.value).map(|on| Setting { origin: on.origin, value: () }))
    }
}

impl Setting<String> {
    /// What the text means.
    ///
    /// # Errors
    ///
    /// What `read` says, behind the name and the value of the setting.
    pub(crate) fn parse<T, E: fmt::Display>(
        &self,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Setting<T>, Failure> {
        let value = read(&self.value).map_err(|fault| self.origin.refuse(&self.value, &fault))?;
        Ok(Setting { origin: self.origin, value })
    }

    /// The failure of a text that turned out to be wrong for another reason than its form.
    pub(crate) fn refuse(&self, status: Status, fault: &dyn fmt::Display) -> Failure {
        Failure::new(status, anyhow!("{}: {fault}", self.origin.with(&self.value)))
    }
}

impl Setting<PathBuf> {
    /// The failure of a path that turned out to be wrong.
    pub(crate) fn refuse(&self, fault: &dyn fmt::Display) -> Failure {
        self.origin.refuse(&self.value.to_string_lossy(), fault)
    }
}

impl<T> Setting<T> {
    pub(crate) const fn value(&self) -> &T {
        &self.value
    }

    pub(crate) fn into_value(self) -> T {
        self.value
    }

    pub(crate) const fn is_flag(&self) -> bool {
        matches!(self.origin, Origin::Flag(_))
    }

    /// The exit status of a wrong value.
    pub(crate) const fn status(&self) -> Status {
        self.origin.status()
    }
}

impl Origin {
    const fn status(self) -> Status {
        match self {
            Self::Flag(_) => Status::Usage,
            Self::Variable(_) => Status::BadConfiguration,
        }
    }

    fn refuse(self, value: &str, fault: &dyn fmt::Display) -> Failure {
        Failure::new(self.status(), anyhow!("{}: {fault}", self.with(value)))
    }

    /// The setting as somebody wrote it.
    fn with(self, value: &str) -> String {
        match self {
            Self::Flag(name) => format!("{name} '{}'", Echo(value)),
            Self::Variable(name) => format!("{name}='{}'", Echo(value)),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Flag(name) | Self::Variable(name)) = self;
        f.write_str(name)
    }
}

/// Two settings of which one at most is given.
type OneAtMost<A, B> = (Option<Setting<A>>, Option<Setting<B>>);

/// Of settings that exclude each other: those that hold. A flag silences the variables of the others.
///
/// # Errors
///
/// Two that are given in the same way.
pub(crate) fn exclusive<A, B>(
    one: Option<Setting<A>>,
    other: Option<Setting<B>>,
) -> Result<OneAtMost<A, B>, Failure> {
    match (one, other) {
        (Some(one), Some(other)) if one.is_flag() && !other.is_flag() => Ok((Some(one), None)),
        (Some(one), Some(other)) if other.is_flag() && !one.is_flag() => Ok((None, Some(other))),
        (Some(one), Some(other)) => {
            let remedy = "only one of them can be: leave the other out";
            let fault = anyhow!("{} and {} are both given: {remedy}", one.origin, other.origin);
            Err(Failure::new(other.status(), fault))
        }
        one_at_most => Ok(one_at_most),
    }
}

/// A secret out of the environment, without a line end behind it.
pub(crate) fn secret(variable: &'static str) -> Option<Vec<u8>> {
    let mut key = env_value(variable)?.into_vec();
    while key.pop_if(|last| matches!(last, b'\r' | b'\n')).is_some() {}
    (!key.is_empty()).then_some(key)
}

/// A variable that is set to something.
fn env_value(variable: &str) -> Option<OsString> {
    env::var_os(variable).filter(|value| !value.is_empty())
}
