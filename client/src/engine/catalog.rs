//! The question for the catalog, page by page (PROTOCOL 6.4).

use protocol::session::request::{Repeat, RequestNumbers};
use protocol::session::rtt::Rtt;
use protocol::time::Time;
use protocol::wire::{CatalogEntry, CatalogPage, CatalogRequest};

/// Producers that are taken from the pages: as many as a broker carries.
const ENTRIES_MAX: usize = 1 << 16;

/// A catalog in the making.
pub(super) struct CatalogQuery {
    request: CatalogRequest,
    pub(super) repeat: Repeat,
    entries: Vec<CatalogEntry>,
}

impl CatalogQuery {
    pub(super) fn start(now: Time, rtt: &Rtt, requests: &mut RequestNumbers) -> Self {
        let request = CatalogRequest { req: requests.next_number(), after: None };
        Self { request, repeat: Repeat::start(now, rtt), entries: Vec::new() }
    }

    /// The request to send, if one is due.
    pub(super) fn poll(&mut self, now: Time) -> Option<CatalogRequest> {
        self.repeat.fire(now).then_some(self.request)
    }

    /// Takes in a page; the whole catalog after the last one.
    pub(super) fn handle(
        &mut self,
        now: Time,
        rtt: &Rtt,
        requests: &mut RequestNumbers,
        page: &CatalogPage,
    ) -> Option<Vec<CatalogEntry>> {
        if page.req != self.request.req {
            return None;
        }
        self.entries.extend(page.entries.iter().cloned());
        let last = page.entries.last().map(|entry| entry.producer);
        if page.more && last.is_some() && self.entries.len() < ENTRIES_MAX {
            self.request = CatalogRequest { req: requests.next_number(), after: last };
            self.repeat = Repeat::start(now, rtt);
            return None;
        }
        Some(std::mem::take(&mut self.entries))
    }

    /// The session is another one: the numbers of the former one mean nothing to it.
    pub(super) fn restart(&mut self, now: Time, rtt: &Rtt) {
        self.request.after = None;
        self.entries.clear();
        self.repeat = Repeat::start(now, rtt);
    }
}
