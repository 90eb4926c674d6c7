// A reader for the JSON of posenc-vectors: enough for files that are known to be valid. Use your own if you have one.
#pragma once
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Json {
  enum Kind { Null, Bool, Number, Text, List, Object } kind = Null;
  double number = 0;  // of a Bool: 0 or 1
  std::string text;
  std::vector<Json> list;
  std::map<std::string, Json> object;

  const Json& operator[](const std::string& key) const {
    static const Json nothing;
    auto found = object.find(key);
    return found == object.end() ? nothing : found->second;
  }
  bool is(const char* word) const { return kind == Text && text == word; }
  std::vector<double> numbers() const {
    std::vector<double> out;
    for (const Json& item : list) out.push_back(item.number);
    return out;
  }

  static Json read(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::stringstream all;
    all << file.rdbuf();
    std::string text = all.str();
    const char* at = text.c_str();
    return value(at);
  }

 private:
  static void space(const char*& at) {
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') ++at;
  }
  static std::string string(const char*& at) {
    std::string out;
    for (++at; *at && *at != '"'; ++at) {
      if (*at != '\\') {
        out += *at;
      } else if (*++at == 'u') {  // not ASCII: names only, kept as a mark
        out += '?';
        at += 4;
      } else {
        out += *at == 'n' ? '\n' : *at == 't' ? '\t' : *at;
      }
    }
    ++at;
    return out;
  }
  static Json value(const char*& at) {
    Json out;
    space(at);
    if (*at == '{' || *at == '[') {
      bool object = *at++ == '{';
      out.kind = object ? Object : List;
      for (space(at); *at && *at != '}' && *at != ']'; space(at)) {
        if (*at == ',') {
          ++at;
        } else if (object) {
          std::string key = string(at);
          space(at);
          ++at;  // the colon
          out.object[key] = value(at);
        } else {
          out.list.push_back(value(at));
        }
      }
      ++at;
    } else if (*at == '"') {
      out.kind = Text;
      out.text = string(at);
    } else if (*at == 't' || *at == 'f' || *at == 'n') {
      out.kind = *at == 'n' ? Null : Bool;
      out.number = *at == 't';
      at += *at == 'f' ? 5 : 4;
    } else {
      char* end = nullptr;
      out.kind = Number;
      out.number = std::strtod(at, &end);
      if (end == at) throw std::runtime_error("not JSON");
      at = end;
    }
    return out;
  }
};
