//! What the workers are told: to serve once all are bound, and to end.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::bell::Ringer;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
    /// Nobody serves before all are bound.
    #[default]
    Binding,
    /// Somebody was not.
    CalledOff,
    Serving,
    Stopping,
}

#[derive(Default)]
struct Board {
    phase: Mutex<Phase>,
    changed: Condvar,
}

impl Board {
    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who tells them. Without it they end.
#[derive(Default)]
pub(super) struct Command {
    board: Arc<Board>,
    ringers: Vec<Ringer>,
}

impl Command {
    /// Orders for one more, who is woken by this ringer.
    pub(super) fn orders(&mut self, ringer: Ringer) -> Orders {
        self.ringers.push(ringer);
        Orders(Arc::clone(&self.board))
    }

    /// All are bound: go.
    pub(super) fn serve(&self) {
        self.tell(Phase::Serving);
    }

    /// To the end.
    pub(super) fn stop(&self) {
        self.tell(Phase::Stopping);
    }

    fn tell(&self, phase: Phase) {
        *self.board.phase() = phase;
        self.board.changed.notify_all();
        for ringer in &self.ringers {
            ringer.ring();
        }
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        let phase = *self.board.phase();
        match phase {
            Phase::Binding => self.tell(Phase::CalledOff),
            Phase::Serving => self.tell(Phase::Stopping),
            Phase::CalledOff | Phase::Stopping => {}
        }
    }
}

/// What a worker is told to do.
pub(super) struct Orders(Arc<Board>);

impl Orders {
    /// Waits until all workers are bound; false where the start was called off. One that is told to stop meanwhile serves, too, if only
    /// to say goodbye.
    pub(super) fn until_serving(&self) -> bool {
        let waiting = |phase: &mut Phase| *phase == Phase::Binding;
        let waited = self.0.changed.wait_while(self.0.phase(), waiting);
        *waited.unwrap_or_else(PoisonError::into_inner) != Phase::CalledOff
    }

    /// Whether it is time to end.
    pub(super) fn is_stopping(&self) -> bool {
        matches!(*self.0.phase(), Phase::Stopping | Phase::CalledOff)
    }
}
