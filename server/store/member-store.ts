export type OrganizationRole = 'org:admin' | 'org:member';

/** A person of an organization. The same id in two organizations is two members. */
export type MemberRow = {
  readonly organizationId: string;
  /** `user_…`; what keys call their creator. */
  readonly id: string;
  readonly email: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly role: OrganizationRole;
  readonly createdAt: string;
};

export type MemberPatch = Partial<Pick<MemberRow, 'email' | 'firstName' | 'lastName' | 'role'>>;

/** In memory besides, as `OrganizationStore`. */
export type MemberStore = {
  /** Of every organization, oldest first. */
  all(): readonly MemberRow[];
  get(organizationId: string, id: string): MemberRow | null;
  insert(row: MemberRow): Promise<void>;
  update(organizationId: string, id: string, patch: MemberPatch): Promise<void>;
  /** Takes the member out of every workspace of the organization too. */
  delete(organizationId: string, id: string): Promise<void>;
};
