/** Where in Google's cloud models are asked. */
export type VertexPlace = {
  /** Instead of Google's own address, with the version segment and without a trailing slash. */
  readonly base?: string | undefined;
  /** Null: the key's own. */
  readonly project: string | null;
  /** `global`, `us`, `eu` or a region. Null: the key's own, else `global`. */
  readonly location: string | null;
};

const WHOLE_CONTINENTS = ['us', 'eu'];

/** The address before `/models/…`. https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations */
export function vertexBase(base: string | undefined, project: string | null, location: string): string {
  // A key of the express mode knows its project by itself.
  const publisher =
    project === null ? '/publishers/google' : `/projects/${project}/locations/${location}/publishers/google`;
  return `${base ?? `https://${hostOf(project === null ? 'global' : location)}/v1`}${publisher}`;
}

function hostOf(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com';
  return WHOLE_CONTINENTS.includes(location)
    ? `aiplatform.${location}.rep.googleapis.com`
    : `${location}-aiplatform.googleapis.com`;
}
