//! A page as the clerk reads it: tags, buttons and closed questions away, one block a line.

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mark = format!(" {name}=\"");
    let (_, after) = tag.split_once(&mark)?;
    after.split('"').next()
}

/// What stands between these tags is not read: pictures, buttons, questions that are not open.
const UNREAD: [&str; 6] = ["svg", "button", "dialog", "script", "style", "select"];

/// Readable lines of HTML.
pub fn lines(html: &str) -> Vec<String> {
    let mut out = String::new();
    let mut rest = html;
    let mut unread = 0_usize;
    while let Some((before, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        if unread == 0 {
            out.push_str(before);
        }
        let closing = tag.starts_with('/');
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or("");
        if UNREAD.contains(&name) {
            unread = if closing { unread.saturating_sub(1) } else { unread.saturating_add(1) };
        }
        if unread == 0 && !closing {
            match name {
                "input"
                    if attribute(tag, "type") == Some("text")
                        && attribute(tag, "value").is_some_and(|v| !v.is_empty()) =>
                {
                    out.push_str(&format!("[{}]", attribute(tag, "value").unwrap_or_default()));
                }
                "li" => out.push_str("\n・"),
                // What a style sets apart stands apart in a line of text too.
                "small" | "strong" | "b" | "span"
                    if out.ends_with(|last: char| last.is_alphanumeric() || last == '）') =>
                {
                    out.push(' ');
                }
                _ => {}
            }
        }
        if !matches!(name, "span" | "b" | "small" | "strong" | "code" | "time" | "input") {
            out.push('\n');
        }
        rest = after;
    }
    out.push_str(rest);
    let plain = out.replace("・\n", "・");
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")]
        .into_iter()
        .fold(plain, |text, (from, to)| text.replace(from, to));
    plain.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "・").map(str::to_owned).collect()
}

/// The revision that a page was drawn with, as its forms post it.
pub fn revision(html: &str) -> String {
    html.split_once("data-rev=\"")
        .and_then(|(_, after)| after.split('"').next())
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_as_its_clerk_reads_it() {
        let html = "<form><h1 tabindex=\"-1\">Paid &amp; done</h1><svg><path d=\"x\"/></svg><p class=\"yen\"><small>¥</small>880</p>\
                    <ol><li><span>Hand over.</span></li></ol><button>Next</button><dialog><p>Sure?</p></dialog></form>";
        assert_eq!(lines(html), ["Paid & done", "¥880", "・Hand over."]);
        assert_eq!(revision("<main data-rev=\"7.3\">"), "7.3");
    }
}
