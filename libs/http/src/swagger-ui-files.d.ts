// Imported with `type: "file"`: the default export is where the file is, absolute or from the bundle's folder.
declare module "swagger-ui-dist/swagger-ui.css" {
  const path: string;
  export default path;
}

declare module "swagger-ui-dist/swagger-ui-bundle.js" {
  const path: string;
  export default path;
}
