use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use socketserver_guest::{DatagramHandler, DatagramRequest, Handler, Request, Result};

const DAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Sends the date and the time in UTC as one line.
#[derive(Default)]
struct Daytime;

impl Handler for Daytime {
    fn handle(&mut self, request: &mut Request) -> Result {
        answer(&mut request.wfile)
    }
}

/// RFC 867: "the data in the received datagram is ignored".
impl DatagramHandler for Daytime {
    fn handle(&mut self, request: &mut DatagramRequest) -> Result {
        answer(&mut request.wfile)
    }
}

fn answer(writer: &mut impl Write) -> Result {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    write!(writer, "{}\r\n", daytime(now))?;
    Ok(())
}

/// RFC 867: "one popular syntax is: Weekday, Month Day, Year Time-Zone".
fn daytime(unix: u64) -> String {
    let (days, second) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = date(days);
    format!(
        "{}, {} {day}, {year} {:02}:{:02}:{:02}-UTC",
        // The first of January 1970, day 0, was a Thursday.
        DAYS[(days % 7) as usize],
        MONTHS[month],
        second / 3600,
        second / 60 % 60,
        second % 60,
    )
}

/// The year, the month from 0 and the day from 1, in the Gregorian calendar.
fn date(mut days: u64) -> (u64, usize, u64) {
    let mut year = 1970;
    while days >= days_of_year(year) {
        days -= days_of_year(year);
        year += 1;
    }
    let mut month = 0;
    while days >= days_of_month(year, month) {
        days -= days_of_month(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u64, month: usize) -> u64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

socketserver_guest::export!(Daytime);
socketserver_guest::export_datagrams!(Daytime);

#[cfg(test)]
mod tests {
    use socketserver_guest::testing::{Datagram, Peer, serve, serve_datagram};

    use super::*;

    #[test]
    fn a_connection_and_a_datagram_get_one_line() {
        let peer = Peer::default();
        serve::<Daytime>(&peer).unwrap();
        assert!(peer.got_bytes().ends_with(b"-UTC\r\n"));

        let datagram = Datagram::carrying("ignored");
        serve_datagram::<Daytime>(&datagram).unwrap();
        let sent = datagram.sent_data();
        assert!(sent.len() == 1 && sent[0].ends_with(b"-UTC\r\n"), "{sent:?}");
    }

    #[test]
    fn seconds_become_a_date() {
        assert_eq!(daytime(0), "Thursday, January 1, 1970 00:00:00-UTC");
        assert_eq!(daytime(951_782_400), "Tuesday, February 29, 2000 00:00:00-UTC");
        assert_eq!(daytime(1_795_434_565), "Monday, November 23, 2026 11:49:25-UTC");
        assert_eq!(daytime(4_107_542_399), "Sunday, February 28, 2100 23:59:59-UTC");
        assert_eq!(daytime(4_107_542_400), "Monday, March 1, 2100 00:00:00-UTC");
    }
}
