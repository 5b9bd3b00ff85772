// Four files out of one source, each by `vite build --mode NAME`:
// viewer: what reports and notebooks hold; app: the page of `seewhy serve`, which loads viewer.js beside it;
// start: what loads that page;
// maps: how maps are read and coloured, for the pages that have a script of their own.
import { defineConfig, type BuildEnvironmentOptions } from "vite";
import { catalogue } from "./catalogue.ts";

const GLOBALS = "bytes, floats, place, mix, blend, sample, scaled, rowOf, paintScale, short";

const BUILDS: Record<string, BuildEnvironmentOptions> = {
  viewer: { lib: { entry: "src/viewer.ts", formats: ["es"], fileName: () => "viewer.js" } },
  app: {
    lib: { entry: "src/app/app.ts", formats: ["es"], fileName: () => "app.js" },
    rolldownOptions: { external: /\/viewer$/, output: { paths: () => "./viewer.js" } },
  },
  start: {
    lib: { entry: "src/app/start.ts", formats: ["es"], fileName: () => "start.js" },
    rolldownOptions: { external: /\/app$/, output: { paths: () => "./app.js" } },
  },
  maps: {
    lib: { entry: "src/maps/globals.ts", formats: ["iife"], name: "maps", fileName: () => "maps.js" },
    rolldownOptions: { output: { footer: `const { ${GLOBALS} } = maps;` } },
  },
};

export default defineConfig(({ mode }) => ({
  plugins: [catalogue()],
  publicDir: false,
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: process.env.OUT ?? "../src/seewhy/render",
    emptyOutDir: false,
    target: "es2022",
    minify: true,
    ...BUILDS[mode],
  },
}));
