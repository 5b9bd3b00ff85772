declare module "virtual:catalogue" {
  const words: Record<"en" | "zh", Record<string, string>>;
  export default words;
}
