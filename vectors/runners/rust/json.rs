//! A reader for the JSON of posenc-vectors: enough for files that are known to be valid. Use serde_json if you have it.
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

const NULL: Json = Json::Null;

impl std::ops::Index<&str> for Json {
    type Output = Json;
    fn index(&self, key: &str) -> &Json {
        match self {
            Json::Object(map) => map.get(key).unwrap_or(&NULL),
            _ => &NULL,
        }
    }
}

impl Json {
    pub fn read(path: &str) -> Json {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        value(&bytes, &mut 0)
    }
    pub fn list(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }
    pub fn text(&self) -> &str {
        match self {
            Json::Text(text) => text,
            _ => "",
        }
    }
    pub fn number(&self) -> f64 {
        match self {
            Json::Number(number) => *number,
            Json::Bool(yes) => f64::from(u8::from(*yes)),
            _ => f64::NAN,
        }
    }
    pub fn numbers(&self) -> Vec<f64> {
        self.list().iter().map(Json::number).collect()
    }
}

fn space(b: &[u8], at: &mut usize) {
    while b[*at].is_ascii_whitespace() {
        *at += 1;
    }
}

fn string(b: &[u8], at: &mut usize) -> String {
    let mut out = Vec::new();
    *at += 1;
    while b[*at] != b'"' {
        if b[*at] == b'\\' {
            *at += 1;
            match b[*at] {
                b'n' => out.push(b'\n'),
                b't' => out.push(b'\t'),
                b'u' => {
                    // not ASCII: prose only, kept as a mark
                    out.push(b'?');
                    *at += 4;
                }
                other => out.push(other),
            }
        } else {
            out.push(b[*at]);
        }
        *at += 1;
    }
    *at += 1;
    String::from_utf8_lossy(&out).into_owned()
}

fn value(b: &[u8], at: &mut usize) -> Json {
    space(b, at);
    match b[*at] {
        b'{' => {
            let mut map = BTreeMap::new();
            *at += 1;
            loop {
                space(b, at);
                match b[*at] {
                    b'}' => break,
                    b',' => *at += 1,
                    _ => {
                        let key = string(b, at);
                        space(b, at);
                        *at += 1;
                        map.insert(key, value(b, at));
                    }
                }
            }
            *at += 1;
            Json::Object(map)
        }
        b'[' => {
            let mut items = Vec::new();
            *at += 1;
            loop {
                space(b, at);
                match b[*at] {
                    b']' => break,
                    b',' => *at += 1,
                    _ => items.push(value(b, at)),
                }
            }
            *at += 1;
            Json::List(items)
        }
        b'"' => Json::Text(string(b, at)),
        b't' => word(at, 4, Json::Bool(true)),
        b'f' => word(at, 5, Json::Bool(false)),
        b'n' => word(at, 4, Json::Null),
        _ => {
            let from = *at;
            while matches!(b.get(*at), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
                *at += 1;
            }
            Json::Number(std::str::from_utf8(&b[from..*at]).unwrap().parse().unwrap())
        }
    }
}

fn word(at: &mut usize, length: usize, value: Json) -> Json {
    *at += length;
    value
}
