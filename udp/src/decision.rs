//! What each error of the kernel means for one send or one receive. None of them ends anything.

use std::io;

use thiserror::Error;

/// Why the kernel did not send a datagram. It counts as lost; the receiver asks for it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SendFault {
    /// `ECONNREFUSED`, twice in a row: ICMP errors of earlier datagrams were reported instead of sending.
    #[error("earlier datagrams were refused: nothing listens at the destination")]
    Refused,
    /// `EHOSTUNREACH`, `ENETUNREACH`, `ENETDOWN`, `EHOSTDOWN`.
    #[error("no route to the destination: check the network and `ip route get`")]
    Unreachable,
    /// `EMSGSIZE` for a datagram on its own.
    #[error("the datagram exceeds the path's MTU and is never fragmented: use a smaller datagram size")]
    TooBig,
    /// `ENOBUFS`, `ENOMEM`: the device's queue or the kernel's memory is full.
    #[error("the kernel has no buffer left: the device is slower than what is sent")]
    NoBuffers,
    /// `EPERM`, `EACCES`: a netfilter rule drops it, or it is a broadcast.
    #[error("the system forbids it: check the firewall's output rules")]
    Denied,
    /// `EINVAL`, `EADDRNOTAVAIL`, `EDESTADDRREQ`: the destination, or the source address asked for.
    #[error("the destination is no valid one, or the local address that the peer talked to is gone")]
    Invalid,
    /// `EAFNOSUPPORT`, `EOPNOTSUPP`, `ENOPROTOOPT`: for instance an IPv6 peer on an IPv4 socket.
    #[error("the socket does not speak the destination's IP version: bind [::] to reach both")]
    Unsupported,
    /// `EIO`: the driver failed on a datagram without offload.
    #[error("the network device failed: see the kernel's log")]
    Device,
    /// `EINTR`, twice in a row.
    #[error("signals interrupted the call again and again")]
    Interrupted,
    /// An error without a decision of its own.
    #[error("the kernel gave an error that has no decision of its own")]
    Other,
}

impl SendFault {
    /// Every class, in the order of its counter.
    pub const ALL: [SendFault; 10] = [
        SendFault::Refused,
        SendFault::Unreachable,
        SendFault::TooBig,
        SendFault::NoBuffers,
        SendFault::Denied,
        SendFault::Invalid,
        SendFault::Unsupported,
        SendFault::Device,
        SendFault::Interrupted,
        SendFault::Other,
    ];
}

/// Why a receive gave an error instead of datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecvFault {
    /// `ECONNREFUSED`, `EHOSTUNREACH`, `ENETUNREACH` ...: an ICMP error that an earlier *send* caused.
    #[error("an earlier datagram was refused by its destination or by the network")]
    Reported,
    /// `EINTR`.
    #[error("a signal interrupted the call")]
    Interrupted,
    /// `ENOMEM`, `ENOBUFS`: the datagrams stay queued.
    #[error("the kernel has no memory left to hand datagrams over")]
    NoBuffers,
    /// An error without a decision of its own.
    #[error("the kernel gave an error that has no decision of its own")]
    Other,
}

impl RecvFault {
    /// Every class, in the order of its counter.
    pub const ALL: [RecvFault; 4] =
        [RecvFault::Reported, RecvFault::Interrupted, RecvFault::NoBuffers, RecvFault::Other];
}

/// What follows from the error of one send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendDecision {
    /// The send buffer is full: the caller keeps the rest and waits.
    Blocked,
    /// Nothing was sent, for a reason that is gone now: once more, then it is this fault.
    RetryOnce(SendFault),
    /// The segmentation may be what was refused: send the run datagram by datagram.
    Unsegmented,
    /// Lost.
    Drop(SendFault),
}

/// What follows from the error of one receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecvDecision {
    /// Nothing is waiting.
    Empty,
    /// The call consumed the error: ask again at once.
    Again(RecvFault),
    /// Asking again at once would spin: wait for the next datagram.
    Wait(RecvFault),
}

/// Decides on the error of one send; `segmented` if it was a GSO run.
pub(crate) fn on_send(errno: i32, segmented: bool) -> SendDecision {
    use SendDecision::{Blocked, Drop, RetryOnce, Unsegmented};
    match errno {
        libc::EAGAIN => Blocked,
        libc::EINTR => RetryOnce(SendFault::Interrupted),
        libc::ECONNREFUSED => RetryOnce(SendFault::Refused),
        // A device without checksum offload says EIO, a kernel with a lower segment limit EINVAL, a segment
        // above the path's MTU EMSGSIZE, a kernel without UDP_SEGMENT one of the others.
        libc::EIO | libc::EINVAL | libc::EMSGSIZE | libc::ENOPROTOOPT | libc::EOPNOTSUPP if segmented => {
            Unsegmented
        }
        libc::EHOSTUNREACH | libc::ENETUNREACH | libc::ENETDOWN | libc::EHOSTDOWN => {
            Drop(SendFault::Unreachable)
        }
        libc::EMSGSIZE => Drop(SendFault::TooBig),
        libc::ENOBUFS | libc::ENOMEM => Drop(SendFault::NoBuffers),
        libc::EPERM | libc::EACCES => Drop(SendFault::Denied),
        libc::EINVAL | libc::EADDRNOTAVAIL | libc::EDESTADDRREQ => Drop(SendFault::Invalid),
        libc::EAFNOSUPPORT | libc::EOPNOTSUPP | libc::ENOPROTOOPT => Drop(SendFault::Unsupported),
        libc::EIO => Drop(SendFault::Device),
        _ => Drop(SendFault::Other),
    }
}

/// Decides on the error of one receive.
pub(crate) fn on_recv(errno: i32) -> RecvDecision {
    use RecvDecision::{Again, Empty, Wait};
    match errno {
        libc::EAGAIN => Empty,
        libc::EINTR => Again(RecvFault::Interrupted),
        libc::ECONNREFUSED
        | libc::ECONNRESET
        | libc::EHOSTUNREACH
        | libc::ENETUNREACH
        | libc::EHOSTDOWN
        | libc::ENETDOWN
        | libc::EMSGSIZE
        | libc::EPROTO
        | libc::EACCES => Again(RecvFault::Reported),
        libc::ENOMEM | libc::ENOBUFS => Wait(RecvFault::NoBuffers),
        _ => Wait(RecvFault::Other),
    }
}

/// The system's number of `error`, also where tokio made it; 0, which no call gives, if it has none.
pub(crate) fn errno(error: &io::Error) -> i32 {
    match error.raw_os_error() {
        Some(errno) => errno,
        None if error.kind() == io::ErrorKind::WouldBlock => libc::EAGAIN,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_a_send_has_its_decision() {
        use SendDecision::{Blocked, Drop, RetryOnce, Unsegmented};
        use SendFault::{
            Denied, Device, Interrupted, Invalid, NoBuffers, Other, Refused, TooBig, Unreachable, Unsupported,
        };
        let table = [
            // errno                on its own               as a GSO run
            (libc::EAGAIN, Blocked, Blocked),
            (libc::EWOULDBLOCK, Blocked, Blocked),
            (libc::EINTR, RetryOnce(Interrupted), RetryOnce(Interrupted)),
            (libc::ECONNREFUSED, RetryOnce(Refused), RetryOnce(Refused)),
            (libc::EHOSTUNREACH, Drop(Unreachable), Drop(Unreachable)),
            (libc::ENETUNREACH, Drop(Unreachable), Drop(Unreachable)),
            (libc::ENETDOWN, Drop(Unreachable), Drop(Unreachable)),
            (libc::EHOSTDOWN, Drop(Unreachable), Drop(Unreachable)),
            (libc::EMSGSIZE, Drop(TooBig), Unsegmented),
            (libc::ENOBUFS, Drop(NoBuffers), Drop(NoBuffers)),
            (libc::ENOMEM, Drop(NoBuffers), Drop(NoBuffers)),
            (libc::EPERM, Drop(Denied), Drop(Denied)),
            (libc::EACCES, Drop(Denied), Drop(Denied)),
            (libc::EINVAL, Drop(Invalid), Unsegmented),
            (libc::EADDRNOTAVAIL, Drop(Invalid), Drop(Invalid)),
            (libc::EDESTADDRREQ, Drop(Invalid), Drop(Invalid)),
            (libc::EAFNOSUPPORT, Drop(Unsupported), Drop(Unsupported)),
            (libc::EOPNOTSUPP, Drop(Unsupported), Unsegmented),
            (libc::ENOPROTOOPT, Drop(Unsupported), Unsegmented),
            (libc::EIO, Drop(Device), Unsegmented),
            (libc::EBADF, Drop(Other), Drop(Other)),
            (0, Drop(Other), Drop(Other)),
        ];
        for (errno, alone, as_run) in table {
            assert_eq!(on_send(errno, false), alone, "errno {errno}");
            assert_eq!(on_send(errno, true), as_run, "errno {errno} of a GSO run");
        }
    }

    #[test]
    fn every_error_of_a_receive_has_its_decision() {
        use RecvDecision::{Again, Empty, Wait};
        let table = [
            (libc::EAGAIN, Empty),
            (libc::EINTR, Again(RecvFault::Interrupted)),
            (libc::ECONNREFUSED, Again(RecvFault::Reported)),
            (libc::EHOSTUNREACH, Again(RecvFault::Reported)),
            (libc::ENETUNREACH, Again(RecvFault::Reported)),
            (libc::EMSGSIZE, Again(RecvFault::Reported)),
            (libc::ENOMEM, Wait(RecvFault::NoBuffers)),
            (libc::ENOBUFS, Wait(RecvFault::NoBuffers)),
            (libc::EBADF, Wait(RecvFault::Other)),
            (0, Wait(RecvFault::Other)),
        ];
        for (errno, decision) in table {
            assert_eq!(on_recv(errno), decision, "errno {errno}");
        }
    }

    #[test]
    fn the_lists_of_classes_are_in_the_order_of_their_counters() {
        assert!(SendFault::ALL.iter().enumerate().all(|(i, fault)| *fault as usize == i));
        assert!(RecvFault::ALL.iter().enumerate().all(|(i, fault)| *fault as usize == i));
    }

    #[test]
    fn errors_made_by_the_runtime_count_as_the_systems() {
        assert_eq!(errno(&io::ErrorKind::WouldBlock.into()), libc::EAGAIN);
        assert_eq!(errno(&io::Error::from_raw_os_error(libc::EIO)), libc::EIO);
        assert_eq!(errno(&io::Error::other("no number")), 0);
    }
}
