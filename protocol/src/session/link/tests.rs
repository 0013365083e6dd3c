use super::*;
use crate::limits::DATAGRAM_LEN;
use crate::serial::Serial;
use crate::time::Stamp;
use crate::wire::{ClockAck, Datagram, Retry, Text};

const COOKIE: [u8; COOKIE_LEN] = [0xC0; COOKIE_LEN];
const TOKEN: [u8; TOKEN_LEN] = [0x70; TOKEN_LEN];
const SESSION: SessionId = SessionId(0x0102_0304_0506_0708);
const RIDER: &[u8] = b"a SUBSCRIBE";
const MS: Duration = Duration::from_millis(1);

#[test]
fn two_round_trips_bring_a_session_up() {
    let mut end = End::new();
    let first = end.hello().expect("dials at once");
    assert_eq!((first.cookie, first.rider.len()), (None, 0), "no rider before the address is validated");
    assert!(end.hello().is_none(), "once");

    end.pass(20 * MS);
    assert_eq!(end.retry(first.nonce), LinkInput::Nothing);
    let second = end.hello().expect("at once with the cookie");
    assert_eq!((second.nonce, second.cookie), (first.nonce, Some(COOKIE)));
    assert_eq!(second.rider, RIDER);

    let echo = end.now.stamp();
    end.pass(20 * MS);
    let answer = end.welcome(SESSION, second.nonce, echo);
    assert_eq!(answer, LinkInput::Up { rtt: 19 * MS }, "less the hold of 1 ms");
    assert!(end.link.is_up());
    assert_eq!((end.link.session(), end.link.rtt().smoothed()), (SESSION, 19 * MS));
    assert_eq!(end.link.limits().map(|limits| limits.frame_max), Some(4 << 20));
    assert_eq!(end.message().seq, Serial(2), "the rider was number 1");
    assert!(end.hello().is_none());
}

#[test]
fn without_a_rider_the_first_message_has_number_1() {
    let mut end = End { rider: None, ..End::new() };
    end.bring_up();
    assert_eq!(end.message().seq, Serial(1));
    assert_eq!(end.message().seq, Serial(2));
}

#[test]
fn a_hello_is_padded_and_numbers_its_attempts() {
    let mut end = End::new();
    for attempt in 1..=3 {
        end.pass_until_due();
        let bytes = end.link.poll_hello(end.now, &mut end.random, |_| None).unwrap();
        assert_eq!(bytes.len(), DATAGRAM_LEN);
        let Datagram::Control(control) = wire::decode(&bytes).unwrap() else { panic!() };
        assert_eq!((control.header.seq, control.header.session), (Serial(attempt), SessionId::NONE));
    }
}

#[test]
fn a_lost_retry_is_drawn_again_after_250_ms_then_x_1_5_up_to_a_limit() {
    let mut end = End::new();
    let nonce = end.hello().unwrap().nonce;
    for ms in [250, 375, 562, 843, 1_265, 1_898, 2_847] {
        let middle = HELLO_EAGER.min(ms * MS);
        let wait = end.pass_until_due();
        assert!((middle * 79 / 100..=middle * 121 / 100).contains(&wait), "{wait:?} for {middle:?}");
        assert!(end.hello().is_some());
    }
    assert_eq!(end.retry(nonce), LinkInput::Nothing);
    end.pass_until_due();
    assert_eq!(end.hello().unwrap().cookie, None, "the RETRY was of an attempt given up");
}

#[test]
fn a_lost_welcome_is_drawn_again_with_the_same_nonce_cookie_and_rider() {
    let mut end = End::new();
    let nonce = end.hello().unwrap().nonce;
    end.retry(nonce);
    let second = end.hello().unwrap();
    end.rider = Some(Bytes::from_static(b"another"));
    end.pass_until_due();
    assert_eq!(end.hello().unwrap(), second, "the broker knows it as the same attempt");
    assert!(matches!(end.welcome(SESSION, nonce, Stamp(0)), LinkInput::Up { .. }));
}

#[test]
fn only_the_first_cookie_counts() {
    let mut end = End::new();
    let nonce = end.hello().unwrap().nonce;
    end.retry(nonce);
    let second = end.hello().unwrap();
    let other = Message::Retry(Retry { nonce, cookie: [0xC1; COOKIE_LEN] });
    assert_eq!(end.receive_of(SessionId::NONE, 0, other), LinkInput::Nothing);
    assert!(end.hello().is_none(), "a second cookie draws no HELLO");
    end.pass_until_due();
    assert_eq!(end.hello().unwrap(), second);
}

#[test]
fn a_cookie_that_draws_no_welcome_is_given_up_after_four_hellos() {
    let mut end = End::new();
    let nonce = end.hello().unwrap().nonce;
    end.retry(nonce);
    for _ in 2..=4 {
        assert_eq!(end.hello().unwrap().cookie, Some(COOKIE));
        end.pass_until_due();
    }
    let fresh = end.hello().unwrap();
    assert_eq!((fresh.cookie, fresh.rider.len()), (None, 0));
    assert_ne!(fresh.nonce, nonce);
    assert_eq!(end.welcome(SESSION, nonce, Stamp(0)), LinkInput::Nothing, "too late");
}

#[test]
fn answers_to_nobodys_hello_are_ignored() {
    let mut end = End::new();
    let nonce = end.hello().unwrap().nonce;
    assert_eq!(end.retry([9; TOKEN_LEN]), LinkInput::Nothing);
    assert!(end.hello().is_none(), "a foreign RETRY moves nothing");
    assert_eq!(end.welcome(SESSION, [9; TOKEN_LEN], Stamp(0)), LinkInput::Nothing);
    assert!(!end.link.is_up());
    end.retry(nonce);
    end.hello().unwrap();
    end.welcome(SESSION, nonce, Stamp(0));
    assert_eq!(end.welcome(SessionId(9), nonce, Stamp(0)), LinkInput::Nothing, "a WELCOME counts once");
    assert_eq!(end.link.session(), SESSION);
}

#[test]
fn a_broker_that_owes_an_answer_is_dialled_after_1_s_and_lost_after_2() {
    let mut end = End::up();
    end.message();
    assert!(end.link.is_owed());
    assert_eq!(end.pass_until_due(), SILENCE_REDIAL);
    assert_eq!(end.timeout(), None);
    assert!(end.hello().is_some() && end.link.is_up(), "dials while the session stands");
    let lost_at = end.now + SILENCE_DOWN.saturating_sub(SILENCE_REDIAL);
    while end.now < lost_at {
        assert!(end.link.is_up());
        end.pass_until_due();
        end.hello();
        if let Some(down) = end.timeout() {
            assert_eq!(down, LinkInput::Down { reason: "the broker does not answer".into(), code: Code::Ok });
        }
    }
    assert!(!end.link.is_up() && end.link.limits().is_none());
    end.pass_until_due();
    assert!(end.hello().is_some(), "and goes on dialling");
}

#[test]
fn a_broker_that_owes_nothing_may_be_silent() {
    let mut end = End::up();
    end.pass(Duration::from_secs(3_600));
    assert_eq!(end.timeout(), None);
    assert!(end.link.is_up() && end.hello().is_none());
    assert_eq!(end.link.poll_timeout(), None);
}

#[test]
fn a_word_from_the_broker_ends_the_dialling() {
    let mut end = End::up();
    end.message();
    end.pass_until_due();
    end.timeout();
    let nonce = end.hello().unwrap().nonce;
    assert_eq!(
        end.receive(5, Message::Unsubscribe(wire::Unsubscribe { req: Serial(1) })),
        LinkInput::Message(Arrival::Newest)
    );
    assert!(!end.link.is_owed());
    assert_eq!(end.welcome(SessionId(9), nonce, Stamp(0)), LinkInput::Nothing);
    assert_eq!((end.link.session(), end.link.poll_timeout()), (SESSION, None));
}

#[test]
fn a_welcome_while_a_session_stands_replaces_it() {
    let mut end = End::up();
    end.message();
    end.pass_until_due();
    end.timeout();
    let nonce = end.hello().unwrap().nonce;
    end.retry(nonce);
    end.hello().unwrap();
    assert!(matches!(end.welcome(SessionId(9), nonce, end.now.stamp()), LinkInput::Up { .. }));
    assert_eq!((end.link.session(), end.link.is_owed()), (SessionId(9), false));
}

#[test]
fn the_right_reset_token_ends_the_session_and_dials_at_once() {
    let mut end = End::up();
    let down = end.reset(SESSION, TOKEN);
    assert_eq!(down, LinkInput::Down { reason: "the broker was restarted".into(), code: Code::Ok });
    assert!(!end.link.is_up());
    assert_eq!(end.pass_until_due(), Duration::ZERO);
    assert_eq!(end.timeout(), None);
    assert!(end.hello().is_some());
}

#[test]
fn a_wrong_reset_token_or_session_does_nothing_but_count() {
    let mut end = End::up();
    assert_eq!(end.reset(SESSION, [0; TOKEN_LEN]), LinkInput::Nothing);
    assert_eq!(end.reset(SessionId(9), TOKEN), LinkInput::Nothing);
    assert_eq!((end.link.is_up(), end.link.drops()), (true, (0, 2)));
}

#[test]
fn a_close_says_why_and_the_next_hello_waits_a_little() {
    let mut end = End::up();
    let down = end.receive(1, Message::Close(Close::new(Code::Superseded, "")));
    let reason = "the broker closed the session: a newer producer of the same identity took over";
    assert_eq!(down, LinkInput::Down { reason: reason.into(), code: Code::Superseded });
    assert!(!end.link.is_up() && end.message_header().is_none());
    assert_eq!(end.timeout(), None);
    assert!(end.hello().is_none());
    assert_eq!(end.pass_until_due(), CLOSED_PAUSE);
    end.timeout();
    assert!(end.hello().is_some());
}

#[test]
fn the_reason_of_a_close_is_harmless_on_a_terminal() {
    let mut end = End::up();
    let close = Close { code: Code::Shutdown, reason: Text::new("bye\u{1b}[2J"), last: vec![] };
    let LinkInput::Down { reason, .. } = end.receive(1, Message::Close(close)) else { panic!() };
    assert_eq!(reason, "the broker closed the session: bye\\u{1b}[2J");
}

#[test]
fn a_message_is_taken_once_and_of_its_session_only() {
    let mut end = End::up();
    let message = || Message::EndAck(wire::EndAck { req: Serial(1) });
    assert_eq!(end.receive(5, message()), LinkInput::Message(Arrival::Newest));
    assert_eq!(end.receive(3, message()), LinkInput::Message(Arrival::Reordered));
    assert_eq!(end.receive(5, message()), LinkInput::Nothing);
    assert_eq!(end.receive(0, message()), LinkInput::Nothing);
    assert_eq!(end.receive_of(SessionId(9), 6, message()), LinkInput::Nothing);
    assert_eq!(end.link.drops(), (2, 1));
    let close = Message::Close(Close::new(Code::Idle, ""));
    assert_eq!(end.receive_of(SessionId(9), 7, close.clone()), LinkInput::Nothing);
    assert_eq!(end.receive(3, close), LinkInput::Nothing, "a replayed CLOSE closes nothing");
    assert!(end.link.is_up());
}

#[test]
fn a_path_challenge_is_answered_with_its_bytes() {
    let mut end = End::up();
    let LinkInput::Respond(bytes) = end.receive(1, Message::PathChallenge(*b"12345678")) else { panic!() };
    let Datagram::Control(response) = wire::decode(&bytes).unwrap() else { panic!() };
    assert_eq!(response.message, Message::PathResponse(*b"12345678"));
    assert_eq!((response.header.session, response.header.seq), (SESSION, Serial(2)));
    assert_eq!(end.receive(1, Message::PathChallenge(*b"12345678")), LinkInput::Nothing, "replayed");
}

#[test]
fn numbers_that_run_out_make_a_new_session() {
    let mut end = End::up();
    end.link.session.as_mut().unwrap().outbound = Outbound::new(SESSION, u32::MAX - 9);
    assert_eq!(end.timeout(), None);
    assert!(end.hello().is_some() && end.link.is_up());
}

#[test]
fn closing_says_so_three_times_in_messages_of_their_own_and_dials_no_more() {
    let mut end = End::up();
    let copies = end.link.close(end.now, Close::new(Code::Ok, "done"));
    let numbers = copies.iter().map(|bytes| {
        let Datagram::Control(close) = wire::decode(bytes).unwrap() else { panic!() };
        assert_eq!((close.header.session, close.message.event()), (SESSION, wire::Event::Close));
        close.header.seq
    });
    let numbers: Vec<Serial> = numbers.collect();
    let first = numbers[0];
    assert_eq!(numbers, [first, first.plus(1), first.plus(2)]);
    assert!(end.link.close(end.now, Close::new(Code::Ok, "done")).is_empty());
    assert!(end.hello().is_none());
}

#[test]
fn the_brokers_clock_is_known_from_the_welcome_on_and_asked_for_without_owing_an_answer() {
    let mut end = End::new();
    let nonce = end.hello().unwrap().nonce;
    end.retry(nonce);
    end.hello().unwrap();
    let echo = end.now.stamp();
    end.pass(20 * MS);
    end.welcome(SESSION, nonce, echo);
    assert!(end.link.broker_clock().is_some());
    let asked = end.clock().expect("at once");
    assert!(end.clock().is_none(), "the next one has its time");
    assert!(!end.link.is_owed());
    end.pass(40 * MS);
    let before = end.link.broker_clock().unwrap().error(end.now);
    let broker = Time::from_micros(7_200_000_000);
    let ack = ClockAck { echo: asked.sent, hold: Duration::ZERO, broker };
    assert_eq!(end.receive(5, Message::ClockAck(ack)), LinkInput::Nothing);
    let clock = end.link.broker_clock().unwrap();
    let truth = 7_200_000_000 - (end.now.as_micros().cast_signed() - 20_000);
    // The question was sent 40 ms ago: the clocks may have drifted by 40 us since, to either side.
    assert!((clock.offset_us(end.now) - truth).abs() <= 20, "{clock:?}");
    assert!(clock.error(end.now) < 21 * MS && before > Duration::ZERO);
}

#[test]
fn a_clock_that_passes_the_wrap_of_the_stamps_is_measured_like_any_other() {
    let mut end = End::up();
    end.now = Time::from_micros((1 << 32) - 5_000);
    let mut seq = 1;
    for _ in 0..8 {
        let asked = end.clock().expect("every 100 ms");
        end.pass(10 * MS);
        let broker = Time::from_micros(end.now.as_micros() - 5_000 + 3_600_000_000);
        seq += 1;
        end.receive(seq, Message::ClockAck(ClockAck { echo: asked.sent, hold: Duration::ZERO, broker }));
        let offset = end.link.broker_clock().unwrap().offset_us(end.now);
        assert!((offset - 3_600_000_000).abs() < 10, "{offset}");
        end.pass(90 * MS);
    }
}

#[test]
fn a_heartbeat_that_echoes_what_lay_for_two_seconds_is_a_round_trip_too() {
    let mut end = End::up();
    assert!(end.clock().is_some(), "nothing that is known so far is good enough");
    let offset = 3_600_000_000;
    let mut seq = 1;
    for _ in 0..8 {
        end.pass(100 * MS);
        let broker = Time::from_micros(end.now.as_micros() + offset);
        seq += 1;
        let ack = ClockAck { echo: end.now.before(200 * MS).stamp(), hold: Duration::ZERO, broker };
        end.receive(seq, Message::ClockAck(ack));
        end.clock();
    }
    let before = end.link.broker_clock().unwrap().error(end.now);
    assert!(before > 90 * MS, "a slow path: {before:?}");
    end.pass(4_000 * MS);
    let echo = end.now.before(2_002 * MS).stamp();
    seq += 1;
    let came = end.now.as_micros() + offset - 1_000;
    let sent = Time::from_micros(came).stamp();
    let header = ControlHeader { session: SESSION, seq: Serial(seq), sent, ..ControlHeader::default() };
    let heartbeat = Heartbeat {
        nonce: 1,
        datagrams: 0,
        bytes: 0,
        echo: Some((echo, 2_000 * MS)),
        catalog: 0,
        asks: false,
        tracks: Vec::new(),
    };
    end.link
        .handle(end.now, &Control { header, message: Message::Heartbeat(heartbeat), unknown_extensions: 0 });
    let clock = end.link.broker_clock().unwrap();
    assert!((clock.offset_us(end.now) - offset.cast_signed()).abs() < 2_100, "{clock:?}");
    assert!(clock.error(end.now) < 3 * MS, "half a round trip of 2 ms, and 2 s of drift: {clock:?}");
    end.pass(1_500 * MS);
    assert!(end.clock().is_none(), "no need to ask");
    end.pass(5_000 * MS);
    assert!(end.clock().is_some(), "no HEARTBEAT for 5 s");
}

#[test]
fn a_probe_asks_for_no_clock() {
    let mut end = End::up();
    end.link.role = Role::Probe;
    assert_eq!((end.clock(), end.link.clock_due()), (None, None));
}

/// A link, its clock, and the broker's words to it.
struct End {
    link: Link,
    random: Random,
    now: Time,
    rider: Option<Bytes>,
}

impl End {
    fn new() -> Self {
        let now = Time::from_micros(1_000_000);
        let mut random = Random::from_seed([1; 32]);
        let link = Link::new(Role::Viewer, now, &mut random);
        Self { link, random, now, rider: Some(Bytes::from_static(RIDER)) }
    }

    /// An end with a session.
    fn up() -> Self {
        let mut end = Self::new();
        end.bring_up();
        end
    }

    fn bring_up(&mut self) {
        let nonce = self.hello().unwrap().nonce;
        self.retry(nonce);
        self.hello().unwrap();
        assert!(matches!(self.welcome(SESSION, nonce, self.now.stamp()), LinkInput::Up { .. }));
    }

    fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
    }

    /// Goes to when the link wants to be called; how long that was.
    fn pass_until_due(&mut self) -> Duration {
        let due = self.link.poll_timeout().expect("something to do");
        let wait = due.since(self.now);
        self.pass(wait);
        wait
    }

    fn timeout(&mut self) -> Option<LinkInput> {
        self.link.handle_timeout(self.now, &mut self.random)
    }

    fn hello(&mut self) -> Option<Hello> {
        let rider = self.rider.clone();
        let bytes = self.link.poll_hello(self.now, &mut self.random, |_| rider)?;
        match wire::decode(&bytes).unwrap() {
            Datagram::Control(Control { message: Message::Hello(hello), .. }) => Some(hello),
            other => panic!("{other:?}"),
        }
    }

    /// The header of the CLOCK that is due.
    fn clock(&mut self) -> Option<ControlHeader> {
        match wire::decode(&self.link.poll_clock(self.now)?).unwrap() {
            Datagram::Control(Control { header, message: Message::Clock, .. }) => Some(header),
            other => panic!("{other:?}"),
        }
    }

    fn message_header(&mut self) -> Option<ControlHeader> {
        self.link.header(self.now, ProducerId::NONE, StreamId::ALL, true)
    }

    /// The header of a message that wants an answer.
    fn message(&mut self) -> ControlHeader {
        self.message_header().expect("a session")
    }

    fn retry(&mut self, nonce: [u8; TOKEN_LEN]) -> LinkInput {
        self.receive_of(SessionId::NONE, 0, Message::Retry(Retry { nonce, cookie: COOKIE }))
    }

    fn welcome(&mut self, session: SessionId, nonce: [u8; TOKEN_LEN], echo: Stamp) -> LinkInput {
        let welcome = Welcome {
            nonce,
            version: VERSION,
            echo,
            hold: MS,
            broker_time: Time::ZERO,
            lease: Duration::from_secs(15),
            feedback: 250 * MS,
            frame_max: 4 << 20,
            datagram_max: 1_200,
            subscriptions_max: 32,
            reset_token: TOKEN,
        };
        self.receive_of(session, 0, Message::Welcome(welcome))
    }

    fn reset(&mut self, session: SessionId, token: [u8; TOKEN_LEN]) -> LinkInput {
        self.receive_of(session, 0, Message::Reset(token))
    }

    fn receive(&mut self, seq: u32, message: Message) -> LinkInput {
        self.receive_of(SESSION, seq, message)
    }

    fn receive_of(&mut self, session: SessionId, seq: u32, message: Message) -> LinkInput {
        let header = ControlHeader { session, seq: Serial(seq), ..ControlHeader::default() };
        self.link.handle(self.now, &Control { header, message, unknown_extensions: 0 })
    }
}
