//! The laid-out notice as a PDF: tagged, checked against PDF/UA-1, the same bytes for the same facts.

use crate::Fault;
use crate::facts::Notice;
use crate::layout;
use crate::paper::{Group, HIGH, Line, Owner, Page, Paper, Tag as Kind, WIDE};
use crate::text::Len;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind,
    TagTree,
};
use krilla::text::Font;
use krilla::{Document, SerializeSettings};
use std::fmt::Debug;
use std::num::NonZeroU16;

/// The PDF of a notice.
///
/// # Errors
/// When the facts do not agree, or the library or its validator refuses.
pub fn pdf(notice: &Notice) -> Result<Vec<u8>, Fault> {
    let paper = layout::lay(notice)?;
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(refused)?;
    // The ZIP deflates what is drawn; only the font comes deflated, which the library always does.
    let settings =
        SerializeSettings { configuration, compress_content_streams: false, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let mut marks: Vec<Vec<Identifier>> = paper.groups.iter().map(|_| Vec::new()).collect();
    for page in &paper.pages {
        draw(&mut document, page, &paper.face.font(), &mut marks)?;
    }
    let mut tree = TagTree::new().with_lang(Some("ja".into()));
    for root in &paper.roots {
        if let Some(group) = branch(&paper.groups, *root, &mut marks) {
            tree.push(group);
        }
    }
    document.set_tag_tree(tree);
    document.set_outline(outline(&paper));
    let title = format!("支払通知書 {}", notice.number);
    // No clock: the day of issue stands on the paper.
    let about = Metadata::new().title(title.clone()).language("ja".into()).creator("Choba".into());
    document.set_metadata(about.document_id(title));
    document.finish().map_err(refused)
}

/// The characters of a notice that the font lacks; they print as 〓.
///
/// # Errors
/// When the facts do not agree.
pub fn unprintable(notice: &Notice) -> Result<Vec<char>, Fault> {
    Ok(layout::lay(notice)?.missing.into_iter().collect())
}

fn refused(error: impl Debug) -> Fault {
    Fault::Pdf(format!("{error:?}"))
}

fn draw(
    document: &mut Document,
    page: &Page,
    font: &Font,
    marks: &mut [Vec<Identifier>],
) -> Result<(), Fault> {
    let size = PageSettings::from_wh(points(WIDE), points(HIGH));
    let size = size.ok_or_else(|| Fault::Pdf("the page has no size".into()))?;
    let mut drawn = document.start_page_with(size);
    let mut surface = drawn.surface();
    let layout = |kind| ContentTag::Artifact(Artifact::with_kind(kind));
    surface.start_tagged(layout(ArtifactType::Layout));
    let mut path = PathBuilder::new();
    for rule in &page.rules {
        let wide = points(rule.to.saturating_sub(rule.from));
        if let Some(rect) = Rect::from_xywh(points(rule.from), points(rule.y), wide, points(rule.weight)) {
            path.push_rect(rect);
        }
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
    surface.end_tagged();
    for lines in page.lines.chunk_by(|before, next| before.owner == next.owner) {
        match lines.first().map(|line| line.owner) {
            Some(Owner::Group(group)) => {
                let mark = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
                if let Some(marks) = marks.get_mut(group) {
                    marks.push(mark);
                }
            }
            Some(Owner::Decoration) | None => {
                surface.start_tagged(layout(ArtifactType::PaginationOther));
            }
        }
        for line in lines {
            text(&mut surface, line, font);
        }
        surface.end_tagged();
    }
    surface.finish();
    drawn.finish();
    Ok(())
}

fn text(surface: &mut Surface<'_>, line: &Line, font: &Font) {
    let start = Point::from_xy(points(line.x), points(line.y));
    let run = &line.run;
    surface.draw_glyphs(start, &run.glyphs, font.clone(), &run.text, size_points(line.size.0), false);
}

/// A group with what was drawn for it and the groups inside.
fn branch(groups: &[Group], at: usize, marks: &mut [Vec<Identifier>]) -> Option<TagGroup> {
    let group = groups.get(at)?;
    let mut branch = TagGroup::new(meaning(&group.tag));
    if let Some(marks) = marks.get_mut(at) {
        marks.drain(..).for_each(|mark| branch.push(mark));
    }
    for child in &group.children {
        if let Some(child) = self::branch(groups, *child, marks) {
            branch.push(child);
        }
    }
    Some(branch)
}

fn meaning(tag: &Kind) -> TagKind {
    let heading = |level: NonZeroU16, text: &str| Tag::Hn(level, Some(text.to_owned())).into();
    match tag {
        Kind::Title(text) => heading(NonZeroU16::MIN, text),
        Kind::Heading(text) => heading(NonZeroU16::MIN.saturating_add(1), text),
        Kind::Paragraph => Tag::P.into(),
        Kind::Table(name) => Tag::Table.with_summary(Some((*name).to_owned())).into(),
        Kind::Head => Tag::THead.into(),
        Kind::Body => Tag::TBody.into(),
        Kind::Row => Tag::TR.into(),
        Kind::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
    }
}

/// The title and under it the headings.
fn outline(paper: &Paper) -> Outline {
    let mut outline = Outline::new();
    let mut places = paper.places.iter().map(|place| {
        let at = XyzDestination::new(place.page, Point::from_xy(0.0, points(place.y)));
        OutlineNode::new(place.text.to_owned(), at)
    });
    if let Some(mut title) = places.next() {
        places.for_each(|heading| title.push_child(heading));
        outline.push_child(title);
    }
    outline
}

/// Hundredths of a millimetre as points, for the library.
#[expect(clippy::float_arithmetic, reason = "the PDF library takes coordinates in points")]
fn points(length: Len) -> f32 {
    f32::from(i16::try_from(length).unwrap_or(i16::MAX)) * 72.0 / 2540.0
}

#[expect(clippy::float_arithmetic, reason = "the PDF library takes sizes in points")]
fn size_points(tenths: i16) -> f32 {
    f32::from(tenths) / 10.0
}
