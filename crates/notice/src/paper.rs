//! A laid-out document: pages of placed lines and rules, and the tree of what they mean, in reading order.

use crate::Fault;
use crate::text::{Face, Len, Run, Size};
use std::collections::BTreeSet;

/// The paper's width.
pub(crate) const WIDE: Len = 21_000;
/// The paper's height.
pub(crate) const HIGH: Len = 29_700;
/// The left margin.
pub(crate) const LEFT: Len = 1_800;
/// Where the right margin begins.
pub(crate) const RIGHT: Len = 19_200;
/// Where a further page begins.
const TOP: Len = 2_600;
/// Where the body of a page ends.
const BOTTOM: Len = 27_600;

/// What a group of text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    Title(&'static str),
    Heading(&'static str),
    Paragraph,
    Table(&'static str),
    Head,
    Body,
    Row,
    ColumnHead,
    RowHead,
    Cell,
}

/// A group of text and the groups inside it.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) tag: Tag,
    pub(crate) children: Vec<usize>,
}

/// A line of text on a page. Text without an owner is decoration: heads and feet of pages, repeated heads.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) x: Len,
    /// The baseline, from the top.
    pub(crate) y: Len,
    pub(crate) size: Size,
    pub(crate) run: Run,
    pub(crate) owner: Owner,
}

/// To which group a line belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Group(usize),
    Decoration,
}

/// A horizontal rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) from: Len,
    pub(crate) to: Len,
    pub(crate) y: Len,
    pub(crate) weight: Len,
}

/// One page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Line>,
    pub(crate) rules: Vec<Rule>,
}

/// A heading and where it stands.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) text: &'static str,
    pub(crate) page: usize,
    pub(crate) y: Len,
}

/// The document under the pen.
pub(crate) struct Paper {
    pub(crate) face: &'static Face,
    pub(crate) pages: Vec<Page>,
    pub(crate) groups: Vec<Group>,
    /// Groups that stand in no other.
    pub(crate) roots: Vec<usize>,
    pub(crate) places: Vec<Place>,
    pub(crate) missing: BTreeSet<char>,
    /// Where the next line begins.
    pub(crate) y: Len,
    open: Vec<usize>,
    decoration: bool,
}

/// One cell of a row: where it stands and what it says.
pub(crate) struct Cell {
    pub(crate) tag: Tag,
    pub(crate) from: Len,
    pub(crate) to: Len,
    pub(crate) align: Align,
    pub(crate) text: String,
}

/// To which side a cell's text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A row that is measured and not yet placed.
pub(crate) struct Row {
    cells: Vec<Fitted>,
    pub(crate) high: Len,
    weight: Len,
}

struct Fitted {
    tag: Tag,
    from: Len,
    to: Len,
    align: Align,
    size: Size,
    runs: Vec<Run>,
}

/// The body's type.
pub(crate) const BODY: Size = Size(90);
/// The weight of a rule below a row.
pub(crate) const FINE: Len = 9;
/// The weight of a rule that ends something.
pub(crate) const STRONG: Len = 25;
/// What a cell's text may be set in before it is broken into lines.
const SIZES: [Size; 5] = [BODY, Size(85), Size(80), Size(75), Size(70)];
const ROW_PAD: Len = 190;
/// Room between a cell's text and its neighbour's.
pub(crate) const GAP: Len = 200;

impl Paper {
    pub(crate) fn new() -> Result<Self, Fault> {
        Ok(Self {
            face: Face::get()?,
            pages: vec![Page::default()],
            groups: Vec::new(),
            roots: Vec::new(),
            places: Vec::new(),
            missing: BTreeSet::new(),
            y: LEFT,
            open: Vec::new(),
            decoration: false,
        })
    }

    /// What is drawn inside belongs to a group of this kind.
    pub(crate) fn within(&mut self, tag: Tag, draw: impl FnOnce(&mut Self)) {
        let at = self.groups.len();
        if let Tag::Title(text) | Tag::Heading(text) = tag {
            self.places.push(Place { text, page: self.pages.len().saturating_sub(1), y: self.y });
        }
        self.groups.push(Group { tag, children: Vec::new() });
        match self.open.last().and_then(|parent| self.groups.get_mut(*parent)) {
            Some(parent) => parent.children.push(at),
            None => self.roots.push(at),
        }
        self.open.push(at);
        draw(self);
        self.open.pop();
    }

    /// What is drawn inside means nothing: it is seen and not read out.
    fn decorate(&mut self, draw: impl FnOnce(&mut Self)) {
        self.decoration = true;
        draw(self);
        self.decoration = false;
    }

    /// Begins a new page when less than this is left of the present one.
    pub(crate) fn room(&mut self, high: Len) {
        if self.y.saturating_add(high) > BOTTOM {
            self.pages.push(Page::default());
            self.y = TOP;
        }
    }

    /// Whether so much fits on a page of its own.
    fn fits_a_page(high: Len) -> bool {
        high <= BOTTOM.saturating_sub(TOP)
    }

    pub(crate) fn run(&mut self, text: &str) -> Run {
        self.face.run(text, &mut self.missing)
    }

    /// Places a line at the left or the right of `x`, with the baseline at `y`.
    pub(crate) fn put(&mut self, x: Len, y: Len, align: Align, size: Size, run: Run) {
        let x = match align {
            Align::Left => x,
            Align::Right => x.saturating_sub(run.width(size)),
        };
        let owner = match self.open.last() {
            Some(group) if !self.decoration => Owner::Group(*group),
            _ => Owner::Decoration,
        };
        if run.glyphs.is_empty() {
            return;
        }
        if let Some(page) = self.pages.last_mut() {
            page.lines.push(Line { x, y, size, run, owner });
        }
    }

    /// A rule across the columns.
    pub(crate) fn rule(&mut self, from: Len, to: Len, y: Len, weight: Len) {
        if let Some(page) = self.pages.last_mut() {
            page.rules.push(Rule { from, to, y, weight });
        }
    }

    /// A paragraph of its own, broken into lines.
    pub(crate) fn paragraph(&mut self, text: &str, from: Len, to: Len, size: Size) {
        if text.is_empty() {
            return;
        }
        let runs = self.face.wrap(text, size, to.saturating_sub(from), &mut self.missing);
        let step = leading(size);
        self.room(step.saturating_mul(Len::try_from(runs.len()).unwrap_or(Len::MAX)));
        self.within(Tag::Paragraph, |paper| {
            for run in runs {
                paper.y = paper.y.saturating_add(step);
                paper.put(from, paper.y.saturating_sub(step / 5), Align::Left, size, run);
            }
        });
    }

    /// A heading inside the document.
    pub(crate) fn heading(&mut self, text: &'static str, from: Len) {
        let run = self.run(text);
        self.within(Tag::Heading(text), |paper| {
            paper.y = paper.y.saturating_add(HEADING);
            paper.put(from, paper.y.saturating_sub(200), Align::Left, Size(100), run);
        });
    }

    /// Measures a row: a text that is too wide is set smaller, and broken when that is not enough.
    pub(crate) fn measure(&mut self, cells: Vec<Cell>, weight: Len) -> Row {
        let mut high = 0;
        let mut fitted = Vec::with_capacity(cells.len());
        for Cell { tag, from, to, align, text } in cells {
            let most = to.saturating_sub(from).saturating_sub(GAP);
            let (size, runs) = self.fit(&text, most, align);
            let lines = Len::try_from(runs.len()).unwrap_or(Len::MAX);
            high = high.max(leading(size).saturating_mul(lines));
            fitted.push(Fitted { tag, from, to, align, size, runs });
        }
        Row { cells: fitted, high: high.saturating_add(ROW_PAD), weight }
    }

    fn fit(&mut self, text: &str, most: Len, align: Align) -> (Size, Vec<Run>) {
        let run = self.run(text);
        if let Some(size) = SIZES.into_iter().find(|size| run.width(*size) <= most) {
            return (size, vec![run]);
        }
        let size = match align {
            Align::Left => Size(80),
            // A figure is never broken: it gets as small as it must.
            Align::Right => self.face.whole_pieces(text, most).unwrap_or(Size(40)),
        };
        (size, self.face.wrap(text, size, most, &mut self.missing))
    }

    /// Places a row at the present height, with a rule below.
    fn place(&mut self, row: &Row) {
        self.within(Tag::Row, |paper| {
            for cell in &row.cells {
                paper.within(cell.tag.clone(), |paper| paper.place_cell(cell, row.high));
            }
        });
        self.finish_row(row);
    }

    fn place_cell(&mut self, cell: &Fitted, high: Len) {
        let step = leading(cell.size);
        let lines = Len::try_from(cell.runs.len()).unwrap_or(Len::MAX);
        // The block of lines stands in the middle of the row.
        let slack = high.saturating_sub(step.saturating_mul(lines)) / 2;
        let mut y = self.y.saturating_add(slack);
        for run in &cell.runs {
            y = y.saturating_add(step);
            let x = match cell.align {
                Align::Left => cell.from,
                Align::Right => cell.to,
            };
            self.put(x, y.saturating_sub(step / 4), cell.align, cell.size, run.clone());
        }
    }

    fn finish_row(&mut self, row: &Row) {
        let from = row.cells.iter().map(|cell| cell.from).min().unwrap_or(LEFT);
        let to = row.cells.iter().map(|cell| cell.to).max().unwrap_or(RIGHT);
        self.y = self.y.saturating_add(row.high);
        self.rule(from, to, self.y, row.weight);
    }

    /// The head again, on a further page: seen, not read out.
    fn repeat(&mut self, head: &Row) {
        self.decorate(|paper| {
            for cell in &head.cells {
                paper.place_cell(cell, head.high);
            }
        });
        self.finish_row(head);
    }

    /// A table with a head that is repeated on every further page.
    pub(crate) fn flow(&mut self, name: &'static str, head: &Row, rows: &[Row]) {
        self.within(Tag::Table(name), |paper| {
            paper.within(Tag::Head, |paper| paper.place(head));
            paper.within(Tag::Body, |paper| {
                for row in rows {
                    let pages = paper.pages.len();
                    paper.room(row.high);
                    if paper.pages.len() > pages {
                        paper.repeat(head);
                    }
                    paper.place(row);
                }
            });
        });
    }

    /// A table whose rows have their own heads.
    pub(crate) fn list(&mut self, name: &'static str, rows: &[Row]) {
        self.within(Tag::Table(name), |paper| {
            paper.within(Tag::Body, |paper| {
                for row in rows {
                    paper.room(row.high);
                    paper.place(row);
                }
            });
        });
    }

    /// Keeps what is this high on one page, when a page has room for it at all.
    pub(crate) fn keep(&mut self, high: Len) {
        if Self::fits_a_page(high) {
            self.room(high);
        }
    }

    /// Heads and feet of pages, written when their count is known.
    pub(crate) fn finish(&mut self, number: &str, title: &str) {
        let pages = self.pages.len();
        let small = Size(75);
        for at in 0..pages {
            let foot = self.run(&format!("{}/{pages}", at.saturating_add(1)));
            let left = self.run(number);
            let head = self.run(title);
            let Some(page) = self.pages.get_mut(at) else { continue };
            let mut put = |x: Len, y: Len, run: Run| {
                page.lines.push(Line { x, y, size: small, run, owner: Owner::Decoration });
            };
            put(RIGHT.saturating_sub(foot.width(small)), FOOT, foot);
            if at > 0 {
                put(RIGHT.saturating_sub(left.width(small)), HEAD, left.clone());
                put(LEFT, HEAD, head);
            }
            put(LEFT, FOOT, left);
        }
    }
}

const FOOT: Len = 28_500;
const HEAD: Len = 2_000;
/// The height of a heading.
pub(crate) const HEADING: Len = 680;

/// The height of rows together.
pub(crate) fn height(rows: &[Row]) -> Len {
    rows.iter().fold(0, |sum, row| sum.saturating_add(row.high))
}

/// From line to line: one and a half times the type.
pub(crate) fn leading(size: Size) -> Len {
    // A tenth of a point is 254 / 72 hundredths of a millimetre.
    Len::from(size.0).saturating_mul(3 * 254) / (2 * 72)
}
