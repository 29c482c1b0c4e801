//! `capacity`: how many sandboxes fit.

use bytesize::ByteSize;
use serde::Serialize;
use socketserver::{Bound, Capacity, Facts};

use crate::cli::Output;

#[derive(Serialize)]
struct Report {
    sandboxes: u64,
    first: String,
    more_with: &'static str,
    allocation: String,
    bounds: Vec<Row>,
    measured: Option<Measured>,
}

#[derive(Serialize)]
struct Row {
    resource: String,
    each: u64,
    available: u64,
    sandboxes: u64,
    more_with: &'static str,
    #[serde(skip)]
    is_bytes: bool,
}

#[derive(Serialize)]
struct Measured {
    sandboxes: u32,
    returned: u32,
    memory_each: u64,
    seconds: f64,
    /// As many as there is memory for if each takes all that it may.
    sandboxes_at_max_memory: Option<u64>,
}

pub(crate) fn capacity(capacity: &Capacity, facts: &Facts, max_memory: ByteSize, form: Output) -> String {
    let first = capacity.first();
    let memory = capacity
        .bounds
        .iter()
        .find(|bound| bound.resource == socketserver::Resource::Memory);
    let report = Report {
        sandboxes: first.fits(),
        first: first.resource.to_string(),
        more_with: first.resource.remedy(),
        allocation: facts.allocation.to_string(),
        bounds: capacity.bounds.iter().map(Row::new).collect(),
        measured: capacity.measured.map(|measured| Measured {
            sandboxes: measured.sandboxes,
            returned: measured.returned,
            memory_each: measured.memory_each,
            seconds: measured.duration.as_secs_f64(),
            sandboxes_at_max_memory: memory.map(|memory| memory.available / max_memory.as_u64().max(1)),
        }),
    };
    match form {
        // A report is strings and numbers, which always have a JSON form.
        Output::Json => serde_json::to_string_pretty(&report).unwrap_or_default() + "\n",
        Output::Text => report.text(max_memory),
    }
}

impl Row {
    fn new(bound: &Bound) -> Self {
        Self {
            resource: bound.resource.to_string(),
            each: bound.each,
            available: bound.available,
            sandboxes: bound.fits(),
            more_with: bound.resource.remedy(),
            is_bytes: bound.resource.is_bytes(),
        }
    }

    fn amount(&self, amount: u64) -> String {
        if self.is_bytes {
            ByteSize(amount).display().iec().to_string()
        } else {
            amount.to_string()
        }
    }
}

impl Report {
    fn text(&self, max_memory: ByteSize) -> String {
        let mut text = format!(
            "{} sandboxes fit at once, in a {}; {} is the first bound, and there is more with {}\n\n",
            self.sandboxes, self.allocation, self.first, self.more_with
        );
        let heads = ["bound by", "for one", "available", "sandboxes", "more with"].map(str::to_owned);
        let rows = self.bounds.iter().map(|row| {
            [
                row.resource.clone(),
                row.amount(row.each),
                row.amount(row.available),
                row.sandboxes.to_string(),
                row.more_with.to_owned(),
            ]
        });
        let rows: Vec<_> = std::iter::once(heads).chain(rows).collect();
        let widths = [0, 1, 2, 3].map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0));
        for [resource, each, available, sandboxes, more_with] in &rows {
            text += &format!(
                "{resource:0$}  {each:>1$}  {available:>2$}  {sandboxes:>3$}  {more_with}\n",
                widths[0], widths[1], widths[2], widths[3]
            );
        }
        if let Some(measured) = &self.measured {
            text += "\n";
            if measured.sandboxes > 0 {
                let each = ByteSize(measured.memory_each).display().iec();
                text += &format!(
                    "{} sandboxes were made in {:.3} s, and took {each} each while they waited\n",
                    measured.sandboxes, measured.seconds
                );
            }
            if measured.returned > 0 {
                text += &format!("{} handlers returned instead of waiting\n", measured.returned);
            }
            if let Some(fit) = measured.sandboxes_at_max_memory {
                let max_memory = max_memory.display().iec();
                text +=
                    &format!("if each took all of its --max-memory, {max_memory}, there would be memory for {fit}\n");
            }
        }
        text
    }
}
