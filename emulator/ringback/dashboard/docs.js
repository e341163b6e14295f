/** The page knows where it came from: its address without /docs is the vendor's base URL here. */
const base = location.origin + location.pathname.replace(/\/docs$/, "");
for (const code of document.querySelectorAll("code")) {
  if (code.textContent.includes("$BASE_URL")) code.textContent = code.textContent.replaceAll("$BASE_URL", base);
}
document.getElementById("home").hidden = location.pathname === "/docs";

const contents = document.querySelector(".contents details");
if (matchMedia("(max-width: 60rem)").matches) contents.open = false;
contents.addEventListener("click", (event) => {
  if (event.target.closest("a") && matchMedia("(max-width: 60rem)").matches) contents.open = false;
});

document.getElementById("find").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const group of document.querySelectorAll(".group")) {
    let some = false;
    for (const entry of group.querySelectorAll("li")) {
      entry.hidden = !entry.dataset.words.includes(wanted);
      some ||= !entry.hidden;
    }
    group.hidden = !some;
  }
});
