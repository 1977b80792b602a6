// What the page and perfkit both know: words, limits, names of fields. perfkit sends it along;
// see perfkit/review/view.py.

const {
  KINDS,
  STATES,
  CONTENT,
  LEVELS,
  COMMON,
  ANSWERS,
  DECISIONS,
  QUOTED,
  LONGEST,
  CONTEXT,
  NAME,
  FOLDER,
  CONTROLS,
} = JSON.parse(document.querySelector("script#review-words").textContent);
