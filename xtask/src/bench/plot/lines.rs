//! Lines by a number that grows by factors of ten.

use anyhow::{Result, anyhow};
use plotters::chart::ChartBuilder;
use plotters::element::{Circle, Text};
use plotters::prelude::{DrawingBackend, IntoDrawingArea as _, IntoFont as _, IntoLogRange as _, SVGBackend};
use plotters::series::LineSeries;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, RGBColor, TextStyle};

use super::super::peer::OURS;
use super::{FONT, GRID, GROUND, OUR_COLOR, TEXT, WIDTH, plain};

pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// Of pixels.
const HEIGHT: u32 = 400;
/// Room for the names behind the lines.
const NAMES: u32 = 130;
const NAME_HEIGHT: i32 = 17;

/// For the others, told apart by people who see few colours too (Okabe and Ito).
const COLORS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x5a, 0x5f, 0x66),
];

pub(super) fn svg(title: &str, lines: &[Line]) -> Result<String> {
    let mut svg = String::new();
    draw(SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)), title, lines)
        .map_err(|error| anyhow!("cannot draw: {error}"))?;
    Ok(svg)
}

fn draw<B: DrawingBackend>(backend: B, title: &str, lines: &[Line]) -> Result<(), String> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::MIN, f64::max);
    let least = points().map(|point| point.0).fold(f64::MAX, f64::min);
    let area = backend.into_drawing_area();
    let text = |size: i32| TextStyle::from((FONT, size).into_font()).color(&TEXT);
    area.fill(&GROUND).map_err(|error| error.to_string())?;

    let mut chart = ChartBuilder::on(&area)
        .caption(title, text(17))
        .margin(14)
        .margin_right(NAMES)
        .x_label_area_size(30)
        .y_label_area_size(56)
        .build_cartesian_2d(
            (least..most(|point| point.0)).log_scale(),
            0.0..most(|point| point.1) * 1.1,
        )
        .map_err(|error| error.to_string())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .axis_style(GRID)
        .bold_line_style(GRID)
        .max_light_lines(1)
        .light_line_style(GRID)
        .label_style(text(13))
        .x_label_formatter(&|at| plain(*at))
        .y_label_formatter(&|at| plain(*at))
        .draw()
        .map_err(|error| error.to_string())?;
    let mut ends = Vec::new();
    let mut others = COLORS.iter().cycle();
    for line in lines {
        let color = if line.name == OURS {
            OUR_COLOR
        } else {
            *others.next().unwrap_or(&TEXT)
        };
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), color.stroke_width(2)))
            .map_err(|error| error.to_string())?;
        if let Some(end) = line.points.last() {
            let (x, y) = chart.backend_coord(end);
            ends.push(End {
                name: line.name,
                x,
                y,
                color,
            });
        }
        let dots = line.points.iter().map(|point| Circle::new(*point, 3, color.filled()));
        chart.draw_series(dots).map_err(|error| error.to_string())?;
    }
    for End { name, x, y, color } in apart(ends) {
        let style = TextStyle::from((FONT, 14).into_font())
            .color(&color)
            .pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(name, (x + 10, y), style))
            .map_err(|error| error.to_string())?;
    }
    area.present().map_err(|error| error.to_string())
}

/// Where a line ends, and its name stands.
#[derive(Debug)]
struct End {
    name: &'static str,
    x: i32,
    y: i32,
    color: RGBColor,
}

/// Moves names up until none is on another.
fn apart(mut ends: Vec<End>) -> Vec<End> {
    ends.sort_by_key(|end| -end.y);
    let mut lowest = i32::MAX;
    for end in &mut ends {
        end.y = end.y.min(lowest);
        lowest = end.y - NAME_HEIGHT;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_apart_and_in_the_order_of_their_lines() {
        let end = |name, y| End {
            name,
            x: 0,
            y,
            color: TEXT,
        };
        let ends = apart(vec![end("upper", 100), end("lower", 104), end("far", 20)]);
        let places: Vec<_> = ends.iter().map(|end| (end.name, end.y)).collect();
        assert_eq!(places, [("lower", 104), ("upper", 104 - NAME_HEIGHT), ("far", 20)]);
    }
}
