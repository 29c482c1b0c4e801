//! The plots beside the report, as SVG.
//!
//! They have a ground of their own, so that they read the same on a page that is light and on one that is dark.

mod bars;
mod lines;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use plotters::style::RGBColor;

use self::bars::Bar;
use self::lines::Line;
use super::measurement::Run;
use super::peer::{OURS, PEERS};
use super::quantity::Quantity;
use super::report::short;

/// A file that was written.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) title: &'static str,
    pub(super) file: &'static str,
}

/// One bar for each server.
struct Bars {
    plot: Plot,
    row: &'static str,
    quantity: Quantity,
}

/// One line for each server, and a point of it for each row.
struct Lines {
    plot: Plot,
    rows: &'static [(&'static str, f64)],
}

const BARS: [Bars; 2] = [
    Bars {
        plot: Plot {
            title: "Server CPU for a connection: connect, 64 bytes, close (µs, logarithmic)",
            file: "connect.svg",
        },
        row: "connect-64",
        quantity: Quantity::Cpu,
    },
    Bars {
        plot: Plot {
            title: "Memory of an idle connection, page tables included (KiB, logarithmic)",
            file: "idle.svg",
        },
        row: "idle-1k",
        quantity: Quantity::Proportional,
    },
];

const LINES: [Lines; 2] = [
    Lines {
        plot: Plot {
            title: "Server CPU for a connection, by the number of others that are open (µs)",
            file: "growth-connect.svg",
        },
        rows: &[
            ("growth-connect-10", 10.0),
            ("growth-connect-100", 100.0),
            ("growth-connect-1k", 1_000.0),
            ("growth-connect-10k", 10_000.0),
        ],
    },
    Lines {
        plot: Plot {
            title: "Server CPU for a round trip, by the number of other connections that are open (µs)",
            file: "growth-requests.svg",
        },
        rows: &[
            ("growth-requests-10", 10.0),
            ("growth-requests-100", 100.0),
            ("growth-requests-1k", 1_000.0),
            ("growth-requests-10k", 10_000.0),
        ],
    },
];

/// Draws all that the run has figures for, and removes those of an earlier run that it has none for.
pub(super) fn draw(run: &Run, folder: &Path) -> Result<Vec<Plot>> {
    let mut drawn = Vec::new();
    for Bars { plot, row, quantity } in BARS {
        let mut bars: Vec<Bar> = PEERS
            .iter()
            .filter_map(|peer| {
                let value = run.median(row, peer.name, quantity).filter(|value| *value > 0.0)?;
                Some(Bar {
                    name: peer.name,
                    value,
                    color: color(peer.name),
                })
            })
            .collect();
        bars.sort_by(|one, other| one.value.total_cmp(&other.value));
        let svg = (!bars.is_empty()).then(|| bars::svg(plot.title, &bars)).transpose()?;
        keep(folder, plot, svg, &mut drawn)?;
    }
    for Lines { plot, rows } in LINES {
        let lines: Vec<Line> = PEERS
            .iter()
            .filter_map(|peer| {
                let point = |(row, at): &(&str, f64)| Some((*at, run.median(row, peer.name, Quantity::Cpu)?));
                let points: Vec<_> = rows.iter().filter_map(point).collect();
                (points.len() > 1).then_some(Line {
                    name: peer.name,
                    points,
                })
            })
            .collect();
        let svg = (!lines.is_empty())
            .then(|| lines::svg(plot.title, &lines))
            .transpose()?;
        keep(folder, plot, svg, &mut drawn)?;
    }
    Ok(drawn)
}

fn keep(folder: &Path, plot: Plot, svg: Option<String>, drawn: &mut Vec<Plot>) -> Result<()> {
    let file = folder.join(plot.file);
    match svg {
        Some(svg) => {
            fs::write(&file, tidied(&svg)).with_context(|| format!("cannot write {}", file.display()))?;
            drawn.push(plot);
        }
        None if file.exists() => {
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
        None => {}
    }
    Ok(())
}

/// As other files of the project: no blanks at the end of lines, and one line feed at the end of the file.
fn tidied(svg: &str) -> String {
    svg.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Ours stands out, in each of its languages.
fn color(peer: &str) -> RGBColor {
    if peer == OURS {
        OUR_COLOR
    } else if peer.starts_with(OURS) {
        RGBColor(0xe8, 0xa1, 0x7f)
    } else {
        RGBColor(0x8c, 0x95, 0x9f)
    }
}

/// The label of an axis: without a fraction that it does not have.
fn plain(label: f64) -> String {
    if label > 0.0 && label < 1.0 {
        return format!("{label}");
    }
    let text = short(label);
    text.strip_suffix(".00")
        .or_else(|| text.strip_suffix(".0"))
        .unwrap_or(&text)
        .to_owned()
}

const OUR_COLOR: RGBColor = RGBColor(0xc9, 0x4a, 0x1b);
const GROUND: RGBColor = RGBColor(0xf6, 0xf8, 0xfa);
const TEXT: RGBColor = RGBColor(0x1f, 0x23, 0x28);
const GRID: RGBColor = RGBColor(0xd0, 0xd7, 0xde);

const WIDTH: u32 = 800;
const FONT: &str = "sans-serif";

#[cfg(test)]
mod tests {
    use super::super::measurement::tests::run;
    use super::*;

    #[test]
    fn labels_have_no_fraction_but_their_own() {
        let labels = [0.0, 0.01, 1.0, 2.5, 50.0, 10_000.0].map(plain);
        assert_eq!(labels, ["0", "0.01", "1", "2.50", "50", "10,000"]);
    }

    #[test]
    fn what_has_figures_is_drawn_and_the_rest_is_removed() {
        let folder = std::env::temp_dir().join(format!("socketserver-plots-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("idle.svg"), "of an earlier run").unwrap();
        let run = run(&[
            ("connect-64", "socketserver", Quantity::Cpu, &[36.0]),
            ("connect-64", "tcpserver", Quantity::Cpu, &[860.0]),
            ("growth-connect-10", "tokio", Quantity::Cpu, &[30.0]),
            ("growth-connect-10k", "tokio", Quantity::Cpu, &[33.0]),
        ]);
        let files: Vec<_> = draw(&run, &folder).unwrap().iter().map(|plot| plot.file).collect();
        assert_eq!(files, ["connect.svg", "growth-connect.svg"]);
        let svg = fs::read_to_string(folder.join("connect.svg")).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains("tcpserver") && svg.contains("860"));
        assert!(!svg.contains(" \n"));
        assert!(!folder.join("idle.svg").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
