//! Horizontal bars on a logarithmic scale: the servers differ by a factor of fifty.

use anyhow::{Result, anyhow};
use plotters::prelude::{
    DrawingBackend, IntoDrawingArea as _, IntoFont as _, PathElement, Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, RGBColor, TextStyle};

use super::super::report::short;
use super::{FONT, GRID, GROUND, TEXT, WIDTH, plain};

pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) value: f64,
    pub(super) color: RGBColor,
}

/// Of pixels.
const TOP: i32 = 56;
const BOTTOM: i32 = 34;
const STEP: i32 = 26;
const LEFT: i32 = 190;
/// Room for the number behind the longest bar.
const RIGHT: i32 = 90;

pub(super) fn svg(title: &str, bars: &[Bar]) -> Result<String> {
    let mut svg = String::new();
    let height = TOP + STEP * i32::try_from(bars.len())? + BOTTOM;
    let size = (WIDTH, u32::try_from(height)?);
    draw(SVGBackend::with_string(&mut svg, size), title, bars, height)?;
    Ok(svg)
}

fn draw<B: DrawingBackend>(backend: B, title: &str, bars: &[Bar], height: i32) -> Result<()> {
    let failed = |error| anyhow!("cannot draw: {error:?}");
    let area = backend.into_drawing_area();
    area.fill(&GROUND).map_err(|error| failed(error.to_string()))?;
    let text = |size: i32, horizontal| {
        TextStyle::from((FONT, size).into_font())
            .color(&TEXT)
            .pos(Pos::new(horizontal, VPos::Center))
    };
    let put = |words: String, at, style| {
        area.draw(&Text::new(words, at, style))
            .map_err(|error| failed(error.to_string()))
    };
    put(title.to_owned(), (16, 24), text(17, HPos::Left))?;

    let scale = Scale::of(bars);
    let foot = height - BOTTOM;
    for decade in scale.decades() {
        let x = scale.at(decade);
        area.draw(&PathElement::new([(x, TOP - 6), (x, foot)], GRID))
            .map_err(|error| failed(error.to_string()))?;
        put(plain(decade), (x, foot + 14), text(13, HPos::Center))?;
    }
    for (bar, number) in bars.iter().zip(0..) {
        let top = TOP + STEP * number;
        let (middle, end) = (top + STEP / 2, scale.at(bar.value));
        put(bar.name.to_owned(), (LEFT - 10, middle), text(14, HPos::Right))?;
        let rectangle = Rectangle::new([(LEFT, top + 4), (end, top + STEP - 4)], bar.color.filled());
        area.draw(&rectangle).map_err(|error| failed(error.to_string()))?;
        put(short(bar.value), (end + 6, middle), text(14, HPos::Left))?;
    }
    area.present().map_err(|error| failed(error.to_string()))
}

/// From the decade below the least to the most, or over four decades: what is less than the thousandth of the longest is nothing
/// beside it.
struct Scale {
    first: f64,
    span: f64,
}

impl Scale {
    fn of(bars: &[Bar]) -> Self {
        let values = || bars.iter().map(|bar| bar.value.log10());
        let least = values().fold(f64::INFINITY, f64::min);
        let most = values().fold(f64::NEG_INFINITY, f64::max);
        // A bar of no length would say nothing.
        let first = (least - 0.1).floor().max(most.floor() - 3.0);
        Self {
            first,
            span: most - first,
        }
    }

    fn at(&self, value: f64) -> i32 {
        let width = f64::from(i32::try_from(WIDTH).unwrap_or(i32::MAX) - LEFT - RIGHT);
        let right = (value.log10() - self.first) / self.span * width;
        #[expect(clippy::cast_possible_truncation, reason = "a place on the page")]
        let right = right.round() as i32;
        LEFT + right.max(0)
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        let (first, last) = (self.first, self.first + self.span);
        (0..20)
            .map(move |number| first + f64::from(number))
            .take_while(move |exponent| *exponent <= last)
            .map(|exponent| 10_f64.powf(exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(values: &[f64]) -> Vec<Bar> {
        let bar = |value: &f64| Bar {
            name: "server",
            value: *value,
            color: TEXT,
        };
        values.iter().map(bar).collect()
    }

    #[test]
    fn the_scale_begins_at_a_decade_and_ends_at_the_longest_bar() {
        let scale = Scale::of(&bars(&[30.0, 3_000.0]));
        assert_eq!(scale.at(10.0), LEFT);
        assert_eq!(scale.at(3_000.0), 800 - RIGHT);
        let decades: Vec<_> = scale.decades().map(f64::round).collect();
        assert_eq!(decades, [10.0, 100.0, 1_000.0]);
    }

    #[test]
    fn a_single_bar_has_a_length_and_what_is_nothing_beside_another_has_none() {
        let scale = Scale::of(&bars(&[10.0]));
        assert!(scale.at(10.0) > LEFT);
        let scale = Scale::of(&bars(&[0.002, 970.0]));
        assert_eq!(scale.at(0.002), LEFT);
        assert_eq!(scale.decades().count(), 4);
    }
}
