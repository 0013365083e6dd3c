//! The report for a person.

use std::fmt;

use super::{LOAD_BOUND, Report, share};
use crate::tally::Times;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_viewers(f)?;
        self.write_frames(f)?;
        self.write_times(f)?;
        self.write_traffic(f)?;
        self.write_broker(f)?;
        self.write_load(f)
    }
}

impl Report {
    fn write_viewers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (asked, tally) = (&self.asked, &self.tally);
        write!(
            f,
            "measured   {:.1} s: {} channels x {} frames/s x {} bytes, {} of {} viewers",
            self.measured.as_secs_f64(),
            asked.producers,
            asked.rate,
            asked.frame_bytes,
            tally.joined,
            asked.viewers,
        )?;
        if asked.loss > 0.0 {
            write!(f, ", {:.1} % loss", asked.loss * 100.0)?;
        }
        if !asked.delay.is_zero() {
            write!(f, ", {} ms from viewers", asked.delay.as_millis())?;
        }
        if tally.churned > 0 {
            write!(f, ", {} left and came", tally.churned)?;
        }
        if tally.refused + tally.disconnects > 0 {
            write!(f, ", {} refused, {} disconnected", tally.refused, tally.disconnects)?;
        }
        writeln!(f, "{}", if self.interrupted { ", interrupted" } else { "" })
    }

    fn write_frames(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.tally;
        let per_second = tally.delivered_in_window as f64 / self.measured.as_secs_f64().max(1e-3);
        writeln!(
            f,
            "frames     {} delivered ({per_second:.0}/s): {} lost, {} repaired, {} late, {} skipped, {} wrong, \
             {} misordered; {} not published",
            tally.delivered,
            tally.missing,
            tally.engine.repaired_arq + tally.engine.repaired_fec,
            tally.engine.late,
            tally.engine.skipped,
            tally.wrong,
            tally.misordered,
            tally.unsent,
        )
    }

    fn write_times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, times) in [
            ("latency", &self.tally.latency),
            ("join", &self.tally.join),
            ("1st frame", &self.tally.first_frame),
        ] {
            writeln!(f, "{name:<10} {}", Quantiles(times))?;
        }
        Ok(())
    }

    fn write_traffic(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let traffic = &self.tally.traffic;
        let seconds = self.measured.as_secs_f64().max(1e-3);
        let per_second = |count: u64| count as f64 / seconds;
        writeln!(
            f,
            "traffic    {:.0} DATA/s, {} resent, {} parity; control {:.0}/s to viewers ({:.1} kB/s), {:.0}/s from them \
             ({:.1} kB/s)",
            per_second(traffic.data),
            traffic.resent,
            traffic.parity,
            per_second(traffic.control_in),
            per_second(traffic.control_in_bytes) / 1e3,
            per_second(traffic.control_out),
            per_second(traffic.control_out_bytes) / 1e3,
        )
    }

    fn write_broker(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(broker) = &self.broker else { return Ok(()) };
        let cpu = &broker.used.cpu;
        let of_measured = |part| share(part, self.measured) * 100.0;
        write!(
            f,
            "broker     {:.1} % of a core ({:.1} user, {:.1} system)",
            of_measured(cpu.total),
            of_measured(cpu.user),
            of_measured(cpu.system)
        )?;
        if let Some(us) = self.figure_named("broker_us") {
            write!(f, ", {us:.2} us per delivered frame")?;
        }
        let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
        writeln!(
            f,
            "; {:.1} MiB, {:.1} before the viewers, {:.1} after",
            mib(broker.rss),
            mib(broker.rss_before),
            mib(broker.rss_after)
        )
    }

    fn write_load(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "load       {:.1} % of a core in its busiest thread; frames left late by {}",
            self.load_share() * 100.0,
            Quantiles(&self.tally.publish_delay),
        )?;
        if self.load.dropped > 0 {
            write!(f, "; ITS OWN SOCKETS DROPPED {} DATAGRAMS", self.load.dropped)?;
        }
        if self.load_share() > LOAD_BOUND {
            write!(f, "; THE LOAD IS THE LIMIT, not the broker")?;
        }
        writeln!(f)
    }
}

/// A distribution in one line.
struct Quantiles<'a>(&'a Times);

impl fmt::Display for Quantiles<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.count() == 0 {
            return f.write_str("-");
        }
        for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)] {
            let ms = self.0.quantile(quantile).unwrap_or_default().as_secs_f64() * 1e3;
            write!(f, "{name} {ms:.2} ")?;
        }
        f.write_str("ms")
    }
}
