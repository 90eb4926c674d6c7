import { fingerprint } from 'posenc';

export const runtime = 'edge';
export const dynamic = 'force-dynamic';
export const GET = () => new Response(fingerprint());
