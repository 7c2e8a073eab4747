//! A page as a person reads it: tags away, one block a line, controls in brackets.

/// `name` of an attribute in a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[at..].split('"').next()
}

/// Readable lines of HTML.
pub(crate) fn lines(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    let mut hidden = 0usize;
    while let Some(start) = rest.find('<') {
        if hidden == 0 {
            out.push_str(&rest[..start]);
        }
        let end = rest[start..].find('>').map_or(rest.len(), |n| start + n + 1);
        let tag = &rest[start..end];
        let name = tag.trim_start_matches(['<', '/']).split([' ', '>']).next().unwrap_or("");
        let closing = tag.starts_with("</");
        match name {
            _ if !closing && tag.contains(" role=\"img\"") => {
                out.push_str(&format!("\n({})\n", attribute(tag, "aria-label").unwrap_or("")));
            }
            "li" if !closing => out.push_str("\n- "),
            "svg" => hidden = if closing { hidden - 1 } else { hidden + 1 },
            "input" if attribute(tag, "type") == Some("hidden") => {}
            "input" if attribute(tag, "type") == Some("radio") => {
                out.push_str(if tag.contains(" checked") { "\n(*) " } else { "\n( ) " });
            }
            "input" => out.push_str(&format!("[{}] ", attribute(tag, "value").unwrap_or(""))),
            "button" if !closing => {
                out.push_str("\n<");
                out.push_str(attribute(tag, "aria-label").unwrap_or(""));
                if tag.contains(" disabled") {
                    out.push('!');
                }
            }
            "button" => out.push_str(">\n"),
            "a" if !closing => out.push_str(&format!("\n[{}] ", attribute(tag, "href").unwrap_or(""))),
            "h1" | "h2" if !closing => out.push_str(if name == "h1" { "\n# " } else { "\n## " }),
            "option" if !closing => out.push_str(if tag.contains(" selected") { " *" } else { " " }),
            "form" if !closing => {
                out.push_str(&format!("\n-- {}\n", attribute(tag, "action").unwrap_or("")));
            }
            "play-sound" if !closing => {
                out.push_str(&format!("\n(sound {})\n", attribute(tag, "kind").unwrap_or("")));
            }
            "span" | "b" | "small" | "strong" | "code" | "option" | "circle" | "path" => {}
            _ => out.push('\n'),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    let plain = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let keypad = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "00"].map(|key| format!("<{key}>"));
    let mut kept: Vec<&str> = Vec::new();
    for line in plain.lines().map(str::trim_end) {
        if line.trim().is_empty() || keypad.iter().any(|key| key == line.trim()) {
            continue;
        }
        kept.push(line);
    }
    kept.join("\n") + "\n"
}
