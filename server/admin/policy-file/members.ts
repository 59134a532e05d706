import {
  createMember,
  createMemberBody,
  deleteMember,
  listMembers,
  memberView,
  updateMember,
  updateMemberBody,
} from '../members.ts';
import { done, type Kind, only, without } from './kind.ts';
import { organizationField, organizationIdOf } from './names.ts';

/** What an organization’s first member has, until somebody says otherwise. */
const LOCAL_EMAIL = 'local@localhost';
const FIELDS = ['id', 'email', 'first_name', 'last_name', 'role'] as const;

/** The people of organizations. A present one's id is that of its organization and its own. */
export const membersKind: Kind = {
  section: 'members',
  defaults: { first_name: null, last_name: null, role: 'org:member' },
  fixed: [],
  merged: [],
  body: createMemberBody,
  read: async (admin) =>
    admin.store.organizations.all().flatMap((organization) =>
      listMembers(admin, organization.id).map((row) => ({
        id: `${organization.id}/${row.id}`,
        item: { ...only(memberView(row), FIELDS), ...organizationField(admin, organization.id) },
        // The person whose daemon it is.
        ...(row.email === LOCAL_EMAIL ? { isFixed: true, isImplied: true } : {}),
      })),
    ),
  normal: (_, item) => item,
  references: ({ organization }) =>
    typeof organization === 'string'
      ? [{ field: 'organization', section: 'organizations', identity: organization }]
      : [],
  create: async (admin, item) => {
    const organizationId = organizationIdOf(admin, item);
    if (typeof organizationId !== 'string') return organizationId;
    return done(await createMember(admin, organizationId, createMemberBody.parse(without(item, 'organization'))));
  },
  update: async (admin, { id }, item) => {
    const [organizationId = '', member = ''] = id.split('/');
    return done(
      await updateMember(admin, organizationId, member, updateMemberBody.parse(without(item, 'organization', 'id'))),
    );
  },
  remove: async (admin, { id }) => {
    const [organizationId = '', member = ''] = id.split('/');
    return done(await deleteMember(admin, organizationId, member));
  },
};
