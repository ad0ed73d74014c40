import { isBuiltIn, type ProfileAttribute, type UserProfile } from "@libs/keycloak-authV2";

interface ObjectSchema {
  properties: Record<string, object>;
  required?: string[];
}

/** As far as it is read here. */
interface Document {
  paths: Record<string, Record<string, { requestBody?: object }>>;
}

/**
 * The document with the body of a registration as this realm takes it: which fields are needed, and its own attributes.
 * @param document is not changed
 */
export function describeRegistration<T extends Document>(document: T, path: string, profile: UserProfile): T {
  const operations = document.paths[path] ?? {};
  const body = operations.post?.requestBody as { content: Record<string, { schema: ObjectSchema }> } | undefined;
  const media = body?.content["application/json"];
  if (!body || !media) return document;
  const content = { ...body.content, "application/json": { ...media, schema: inRealm(media.schema, profile) } };
  const post = { ...operations.post, requestBody: { ...body, content } };
  return { ...document, paths: { ...document.paths, [path]: { ...operations, post } } };
}

function inRealm({ properties, required = [], ...schema }: ObjectSchema, profile: UserProfile): ObjectSchema {
  const { attributes: _, ...others } = properties;
  const own = profile.attributes.filter(({ name, settable }) => settable && !isBuiltIn(name));
  const needed = profile.attributes.filter((found) => found.required).map(({ name }) => name);
  const neededOwn = needed.filter((name) => !isBuiltIn(name));
  return {
    ...schema,
    properties: { ...others, ...(own.length > 0 && { attributes: attributesSchema(own, neededOwn) }) },
    required: [...new Set([...required, ...needed.filter(isBuiltIn), ...(neededOwn.length > 0 ? ["attributes"] : [])])],
  };
}

function attributesSchema(own: readonly ProfileAttribute[], required: string[]): object {
  return {
    type: "object",
    description: "User attributes of this realm.",
    properties: Object.fromEntries(own.map((found) => [found.name, valueSchema(found)])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** One value may be sent without a list, of an attribute with several too. */
function valueSchema({ maxLength, multivalued, options }: ProfileAttribute): object {
  const one = {
    type: "string",
    ...(maxLength !== null && { maxLength }),
    ...(options !== null && { enum: options }),
  };
  return { anyOf: [one, { type: "array", items: one, ...(!multivalued && { maxItems: 1 }) }] };
}
