import { Cart } from './cart.jsx';

// A server component: it is rendered without a session, the same for every visitor.
export default function Page() {
  return (
    <main>
      <h1>Mugs</h1>
      <Cart />
    </main>
  );
}
