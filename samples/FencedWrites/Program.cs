// A holder is paused beyond its lease, another takes its place and writes, and the first one's late write is refused by the database: once by a WHERE clause, and once by
// a constraint of the table, which holds for writers who forgot the clause.
using System.Globalization;
using Coordination;
using Coordination.InMemory;
using Microsoft.Data.Sqlite;

await using var connection = new SqliteConnection("Data Source=:memory:");
await connection.OpenAsync();
await ExecuteAsync(
    """
    CREATE TABLE invoices (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, fence INTEGER NOT NULL DEFAULT 0);

    CREATE TRIGGER invoices_fence BEFORE UPDATE ON invoices WHEN new.fence < old.fence
    BEGIN
        SELECT RAISE(ABORT, 'written under a newer lease');
    END;

    INSERT INTO invoices (id, amount) VALUES (42, 0);
    """);

var server = new InMemoryServer();
await using var one = new Coordinator(server.CreateBackend());
await using var two = new Coordinator(server.CreateBackend());

var first = await one.CreateLock("invoice/42").AcquireAsync();
Console.WriteLine($"first writes 100 with token {first.FencingToken}: {await WriteAsync(100, first.FencingToken)} row");

server.ExpireSessions(); // the first process is paused for so long that its lease is over; it does not know
await using var second = await two.CreateLock("invoice/42").AcquireAsync();
Console.WriteLine($"second writes 200 with token {second.FencingToken}: {await WriteAsync(200, second.FencingToken)} row");

Console.WriteLine($"first, late, writes 300 with token {first.FencingToken}: {await WriteAsync(300, first.FencingToken)} rows");
try
{
    await ExecuteAsync("UPDATE invoices SET amount = 300, fence = $token WHERE id = 42", ("$token", first.FencingToken.Value));
    return 1;
}
catch (SqliteException exception)
{
    Console.WriteLine($"first, late, without the clause: refused, {exception.Message}");
}

await using var query = connection.CreateCommand();
query.CommandText = "SELECT amount FROM invoices WHERE id = 42";
var amount = Convert.ToInt32(await query.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
Console.WriteLine($"the invoice says {amount}");
return amount == 200 ? 0 : 1;

Task<int> WriteAsync(int amount, FencingToken token) => ExecuteAsync(
    "UPDATE invoices SET amount = $amount, fence = $token WHERE id = 42 AND fence <= $token", ("$amount", amount), ("$token", token.Value));

async Task<int> ExecuteAsync(string sql, params (string Name, object Value)[] parameters)
{
    await using var command = connection.CreateCommand();
    command.CommandText = sql;
    foreach (var (name, value) in parameters)
    {
        command.Parameters.AddWithValue(name, value);
    }

    return await command.ExecuteNonQueryAsync();
}
