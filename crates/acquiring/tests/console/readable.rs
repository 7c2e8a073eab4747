//! A page as a person reads it: its words, a line for each block, pictures left out.

/// The main part of a page as text.
pub(crate) fn readable(page: &str) -> String {
    let from = page.find("<main").unwrap_or(0);
    let to = page.find("</main>").unwrap_or(page.len());
    let mut text = String::new();
    let mut rest = &page[from..to];
    let mut hidden = 0_usize;
    while let Some(open) = rest.find('<') {
        if hidden == 0 {
            text.push_str(&rest[..open]);
        }
        let close = rest[open..].find('>').map_or(rest.len(), |at| open + at);
        let tag = &rest[open + 1..close];
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
        match name {
            "svg" if tag.starts_with('/') => hidden -= 1,
            "svg" => hidden += 1,
            "td" | "th" | "dd" | "option" if tag.starts_with('/') => text.push_str(" | "),
            "input" => text.push_str(&attribute(tag)),
            "span" | "b" | "a" | "time" if !tag.starts_with('/') => text.push(' '),
            "span" | "b" | "a" | "time" | "dd" | "td" | "th" | "option" | "pre" => {}
            _ => text.push('\n'),
        }
        rest = rest.get(close + 1..).unwrap_or_default();
    }
    text.push_str(rest);
    let text = text.replace("&amp;", "&").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    let lines = text.lines().map(|line| line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty() && line != "|").collect::<Vec<_>>().join("\n") + "\n"
}

/// What a field holds: `[q: 1111]`.
fn attribute(tag: &str) -> String {
    let value = |name: &str| {
        let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        tag[start..].split('"').next()
    };
    format!("[{}: {}]", value("name").unwrap_or_default(), value("value").unwrap_or_default())
}
