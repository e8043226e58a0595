// What every page does. A page's own module is added in its `scripts` block.
import { watchMenus } from "./menus.js";
import { watchDialogs } from "./dialogs.js";
import { watchPalette } from "./palette.js";
import { watchKeys } from "./keyboard.js";
import { watchToasts } from "./toasts.js";
import { watchFilters } from "./filters.js";
import { watchUploads } from "./upload.js";
import { watchCopies } from "./copy.js";
import { watchTyped } from "./typed.js";
import { watchLive } from "./live.js";
import { watchHeatmaps } from "./heatmap.js";
import { drawCharts, watchCharts } from "./charts.js";

watchMenus();
watchDialogs();
watchPalette();
watchKeys();
watchToasts();
watchFilters();
watchUploads();
watchCopies();
watchTyped();
watchLive();
watchHeatmaps();
watchCharts();
drawCharts(document);
