// What the page and perfkit both know: words, limits, names of fields. perfkit sends it along;
// see perfkit/review/view.py.

const {
  KINDS,
  STATES,
  CHECKS,
  CONTENT,
  LEVELS,
  COMMON,
  ANSWERS,
  TURNS,
  DECISIONS,
  QUOTED,
  LONGEST,
  CONTEXT,
  NAME,
  FOLDER,
  LETTERS,
  CONTROLS,
  FIGURES_TOLD,
} = JSON.parse(document.querySelector("script#review-words").textContent);
