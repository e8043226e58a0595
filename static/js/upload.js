// Shows which files were chosen; the input itself lies over the area, so dropping works by itself.
export function watchUploads() {
  document.addEventListener("change", (event) => {
    const upload = event.target.closest?.("[data-upload]");
    if (!upload) return;
    const size = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
    const items = [...event.target.files].map((file) => {
      const item = document.createElement("li");
      item.textContent = `${file.name} · ${size.format(file.size / 1e6)} MB`;
      return item;
    });
    upload.querySelector("[data-upload-files]").replaceChildren(...items);
  });
  for (const [kind, isOver] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    document.addEventListener(kind, (event) => event.target.closest?.("[data-upload]")?.classList.toggle("is-over", isOver));
  }
}
