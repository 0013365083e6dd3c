use std::time::Duration;

use crossterm::event::KeyCode;

use super::theatre::{Theatre, frame, producer};
use crate::view::Wish;

const RED: [u8; 3] = [200, 30, 30];
const BLUE: [u8; 3] = [20, 40, 210];

#[test]
fn a_picture_keeps_its_shape_between_bars_and_the_last_row_says_how_it_does() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.show_page();
    assert!(theatre.screen().alternate_screen());
    assert!(theatre.screen().contents().contains("1AAA99: no picture yet"));
    theatre.play("1AAA99", &frame(RED));
    // 4:3 in 80 by 23 cells of 1:2: 61 columns in the middle.
    assert!(theatre.shows(40, 11, RED) && theatre.shows(10, 0, RED) && theatre.shows(69, 22, RED));
    assert_eq!(theatre.back(8, 11), vt100::Color::Default, "a bar at the side");
    let bar = theatre.row(23);
    assert!(bar.starts_with(" 1AAA99 \"Aurora\" 64x48 | "), "{bar:?}");
    assert!(bar.contains("985 kb/s | loss 0.1 % repaired 0"), "{bar:?}");
    assert!(!theatre.screen().contents().contains("no picture yet"));
}

#[test]
fn a_new_size_is_followed_at_once() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.play("1AAA99", &frame(RED));
    for size in [(40, 10), (132, 50), (20, 5), (1, 1), (80, 24)] {
        theatre.resize(size);
        theatre.pass(Duration::from_millis(500));
        theatre.show_page();
        theatre.pass(Duration::from_millis(500));
        theatre.show_page();
        if size.1 > 1 {
            assert!(theatre.shows(size.0 / 2, (size.1 - 1) / 2, RED), "{size:?}");
        }
    }
    assert!(theatre.row(23).starts_with(" 1AAA99"));
}

#[test]
fn the_bar_of_a_narrow_terminal_has_fewer_figures_and_no_half_one() {
    let bar = |columns| {
        let mut theatre = Theatre::new((columns, 24), &["1AAA99"]);
        theatre.play("1AAA99", &frame(RED));
        theatre.show_page();
        theatre.row(23).trim_end().to_owned()
    };
    let whole = bar(200);
    let figures: Vec<_> = whole.split(" | ").collect();
    assert_eq!(figures.len(), 6, "{whole}");
    for columns in 30..110 {
        let narrow = bar(columns);
        assert!(whole.starts_with(&narrow), "{columns}: {narrow}");
        assert!(narrow.split(" | ").zip(&figures).all(|(one, two)| one == *two), "{columns}: {narrow}");
    }
}

#[test]
fn only_what_has_changed_is_written() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.play("1AAA99", &frame(RED));
    let whole = theatre.bytes.len();
    theatre.play("1AAA99", &frame(RED));
    assert!(theatre.bytes.len() < 120, "{} of {whole}: {:?}", theatre.bytes.len(), theatre.bytes);
    theatre.show_page();
    theatre.show_page();
    assert_eq!(theatre.bytes, "");
}

#[test]
fn a_frame_that_is_no_picture_leaves_the_last_good_one_and_counts() {
    let mut theatre = Theatre::new((120, 24), &["1AAA99"]);
    theatre.play("1AAA99", &frame(RED));
    theatre.play("1AAA99", b"no picture");
    theatre.play("1AAA99", &frame(BLUE)[..200]);
    assert!(theatre.shows(60, 11, RED));
    assert_eq!(theatre.stage.figures().channels[&producer("1AAA99")].broken, 2);
    theatre.show_page();
    theatre.type_on("i");
    assert!(theatre.screen().contents().contains("broken 2"), "{}", theatre.screen().contents());
}

#[test]
fn several_channels_are_tiles_and_a_number_shows_one_of_them() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99", "2BBB99"]);
    theatre.play("1AAA99", &frame(RED));
    theatre.play("2BBB99", &frame(BLUE));
    assert!(theatre.shows(20, 11, RED) && theatre.shows(60, 11, BLUE));
    assert!(theatre.screen().contents().contains(" 1 1AAA99 "), "{}", theatre.screen().contents());
    theatre.type_on("2");
    theatre.play("2BBB99", &frame(BLUE));
    assert!(theatre.shows(40, 11, BLUE) && theatre.shows(20, 11, BLUE));
    assert!(theatre.row(23).starts_with(" 2BBB99"));
    theatre.press(KeyCode::Left);
    theatre.play("1AAA99", &frame(RED));
    assert!(theatre.shows(40, 11, RED), "the channel before");
    theatre.type_on("g");
    theatre.play("1AAA99", &frame(RED));
    theatre.play("2BBB99", &frame(BLUE));
    assert!(theatre.shows(20, 11, RED) && theatre.shows(60, 11, BLUE), "side by side again");
    theatre.type_on("9");
    assert!(theatre.shows(20, 11, RED), "there is no ninth channel");
}

#[test]
fn the_help_stands_before_the_picture_and_goes_again() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.play("1AAA99", &frame(RED));
    theatre.type_on("?");
    assert_eq!(theatre.row(0).trim_end_matches([' ', '▀']), " space     pause, and back to the live picture");
    assert!(theatre.shows(70 - 2, 0, RED), "the picture goes on beside it");
    theatre.press(KeyCode::Esc);
    assert!(theatre.shows(10, 0, RED) && theatre.row(0).trim().is_empty());
}

#[test]
fn the_keys_ask_for_what_they_say() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99", "2BBB99"]);
    theatre.type_on("2srq");
    assert_eq!(theatre.wishes(), [Wish::Snapshot(producer("2BBB99")), Wish::Record, Wish::Leave]);
    theatre.type_on(" ");
    assert!(theatre.page.is_paused());
    assert!(theatre.row(23).contains("PAUSED"));
    theatre.type_on(" ");
    assert!(!theatre.page.is_paused());
}

#[test]
fn what_is_said_stands_in_the_last_row_for_a_while() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.page.say(theatre.now, "recording to clips\n");
    theatre.show_page();
    assert_eq!(theatre.row(23), " recording to clips");
    theatre.pass(Duration::from_secs(5));
    theatre.show_page();
    assert!(theatre.row(23).starts_with(" 1AAA99"));
}

#[test]
fn leaving_gives_the_screen_back() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.say("before\n");
    theatre.play("1AAA99", &frame(RED));
    theatre.say("meanwhile\n");
    theatre.leave();
    let screen = theatre.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert_eq!((theatre.row(0), theatre.row(1)), ("before".to_owned(), "meanwhile".to_owned()));
}

#[test]
fn at_the_smallest_sizes_nothing_is_out_of_place() {
    for size in [(1, 1), (2, 2), (5, 3), (9, 2), (40, 10)] {
        let mut theatre = Theatre::new(size, &["1AAA99", "2BBB99", "3CCC99"]);
        theatre.play("1AAA99", &frame(RED));
        theatre.type_on("?i1g");
        theatre.play("2BBB99", &frame(BLUE));
        assert!(theatre.screen().cursor_position().0 < size.1);
    }
}

#[test]
fn a_newcomer_is_told_the_keys_behind_the_first_messages_until_one_is_pressed() {
    let greeting = "? shows the keys, q leaves";
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.page.greet(theatre.now);
    theatre.page.say(theatre.now, "subscribed 1AAA99\n");
    theatre.show_page();
    assert!(theatre.row(23).contains("subscribed 1AAA99"));
    theatre.pass(Duration::from_secs(5));
    theatre.show_page();
    assert!(theatre.row(23).contains(greeting), "{}", theatre.row(23));
    theatre.type_on(" ");
    assert!(theatre.row(23).contains("PAUSED"), "{}", theatre.row(23));
    theatre.page.greet(theatre.now);
    theatre.pass(Duration::from_secs(8));
    theatre.show_page();
    assert!(!theatre.row(23).contains(greeting), "{}", theatre.row(23));
}
