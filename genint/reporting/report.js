const config = JSON.parse(document.getElementById("config").textContent);
const buttons = [...document.querySelectorAll("#places button")];
const mark = chosen => buttons.forEach(each => each.classList.toggle("here", each === chosen));
igv.createBrowser(document.getElementById("igv"), config).then(browser => {
  buttons.forEach(each => each.addEventListener("click", () => { mark(each); browser.search(each.dataset.locus) }));
  mark(buttons[0]);
  document.body.dataset.igv = "ready";
});
