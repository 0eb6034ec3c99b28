//! A thin layer over plotters' SVG backend: rectangles, lines and text in pixels.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle};

use crate::diagnostics::Finding;
use crate::report::sink::failed;

use super::label::harmless;

/// Okabe and Ito's colours, told apart by people with any colour vision, yellow after the darker;
/// then muted ones for charts of more owners than that.
pub(super) const PALETTE: [RGBColor; 14] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(240, 228, 66),
    RGBColor(0, 0, 0),
    RGBColor(136, 34, 85),
    RGBColor(153, 153, 51),
    RGBColor(51, 34, 136),
    RGBColor(68, 170, 153),
    RGBColor(221, 204, 119),
    RGBColor(204, 102, 119),
];
pub(super) const BLUE: RGBColor = PALETTE[0];
pub(super) const VERMILLION: RGBColor = PALETTE[5];
pub(super) const OTHERS: RGBColor = RGBColor(187, 187, 187);
pub(super) const NOBODY: RGBColor = RGBColor(102, 102, 102);
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
pub(super) const FAINT: RGBColor = RGBColor(221, 221, 221);
pub(super) const PAPER: RGBColor = RGBColor(255, 255, 255);
/// The backend divides sizes by this before it writes them.
const BACKEND_FACTOR: f64 = 1.24;

/// Which edge of a text stands at the point that is given for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// The frame of a chart: its size and what is said of it.
pub(super) struct Frame {
    pub(super) id: &'static str,
    pub(super) size: (u32, u32),
    pub(super) title: String,
    /// The chart in words, for those who do not see it.
    pub(super) description: String,
}

pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

type Drawn = Result<(), Finding>;

impl Canvas<'_> {
    pub(super) fn rectangle(&self, from: (i32, i32), to: (i32, i32), color: RGBColor) -> Drawn {
        self.area.draw(&Rectangle::new([from, to], color.filled())).map_err(|e| broken(&e))
    }

    pub(super) fn line(&self, points: Vec<(i32, i32)>, color: RGBColor, width: u32) -> Drawn {
        let style = ShapeStyle::from(color).stroke_width(width);
        self.area.draw(&PathElement::new(points, style)).map_err(|e| broken(&e))
    }

    /// A filled shape that lets through what lies behind it.
    pub(super) fn band(&self, outline: Vec<(i32, i32)>, color: RGBColor, alpha: f64) -> Drawn {
        let shape = Polygon::new(outline, color.mix(alpha).filled());
        self.area.draw(&shape).map_err(|e| broken(&e))
    }

    pub(super) fn dot(&self, at: (i32, i32), radius: i32, color: RGBColor) -> Drawn {
        self.area.draw(&Circle::new(at, radius, color.filled())).map_err(|e| broken(&e))
    }

    /// Text of a size in pixels, centred on the height of the point.
    pub(super) fn text(&self, text: &str, at: (i32, i32), align: Align, size: u32) -> Drawn {
        self.styled(text, at, align, size, FontStyle::Normal)
    }

    pub(super) fn bold(&self, text: &str, at: (i32, i32), align: Align, size: u32) -> Drawn {
        self.styled(text, at, align, size, FontStyle::Bold)
    }

    fn styled(
        &self,
        text: &str,
        at: (i32, i32),
        align: Align,
        size: u32,
        font: FontStyle,
    ) -> Drawn {
        let edge = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        let size = f64::from(size) * BACKEND_FACTOR;
        let font = ("sans-serif", size).into_font().style(font);
        let style = TextStyle::from(font).color(&INK).pos(Pos::new(edge, VPos::Center));
        self.area.draw(&Text::new(harmless(text), at, style)).map_err(|e| broken(&e))
    }
}

/// Draws a chart on white paper and gives the SVG document.
pub(super) fn draw(
    frame: &Frame,
    fill: impl FnOnce(&Canvas) -> Result<(), Finding>,
) -> Result<String, Finding> {
    let mut svg = String::new();
    {
        let canvas =
            Canvas { area: SVGBackend::with_string(&mut svg, frame.size).into_drawing_area() };
        canvas.area.fill(&PAPER).map_err(|error| broken(&error))?;
        fill(&canvas)?;
        canvas.area.present().map_err(|error| broken(&error))?;
    }
    Ok(described(&svg, frame))
}

/// Gives the root element its role, title and description, which the backend has no words for.
fn described(svg: &str, frame: &Frame) -> String {
    let (id, rest) = (frame.id, svg.strip_prefix("<svg").unwrap_or(svg));
    let (attributes, body) = rest.split_once('>').unwrap_or((rest, ""));
    let title = escaped(&frame.title);
    let description = escaped(&frame.description);
    format!(
        "<svg role=\"img\" aria-labelledby=\"{id}-title {id}-desc\"{attributes}>\n\
         <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{description}</desc>{body}"
    )
}

fn escaped(text: &str) -> String {
    harmless(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn broken(error: &dyn std::fmt::Display) -> Finding {
    failed("charts", error)
}
