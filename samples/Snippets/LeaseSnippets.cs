using System.Data.Common;

namespace Snippets;

internal static class LeaseSnippets
{
    public static async Task Lost(IDistributedLock exclusive, Func<CancellationToken, Task> workAsync, CancellationToken ct)
    {
        // snippet: lease-lost
        await using var lease = await exclusive.AcquireAsync(ct);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, lease.Lost);
        await workAsync(either.Token);
        // end
    }

    public static async Task Check(IFencedLease lease, Func<Task> stepAsync)
    {
        // snippet: lease-remaining
        while (lease.Remaining > TimeSpan.FromSeconds(2)) // a step takes no longer than that
        {
            await stepAsync();
        }
        // end
    }

    public static async Task Release(IFencedLease lease, CancellationToken ct)
    {
        // snippet: lease-release
        try
        {
            await lease.ReleaseAsync(ct);
        }
        catch (LeaseLostException)
        {
            // It ended before the work did. Check what was done, or rely on the fenced store.
        }
        // end
    }

    public static void Options(ICoordinator coordinator)
    {
        // snippet: lease-options
        var exclusive = coordinator.CreateLock(
            "invoice/42",
            new LeaseOptions
            {
                Duration = TimeSpan.FromSeconds(10),
                SafetyMargin = TimeSpan.FromSeconds(2),
                Holder = "invoicing on web-1",
            });
        // end
        _ = exclusive;
    }

    public static async Task ByHand(ICoordinator coordinator, IEnumerable<Func<Task>> steps, CancellationToken ct)
    {
        // snippet: lease-by-hand
        var batch = coordinator.CreateLock(
            "nightly-batch", new LeaseOptions { AutoRenew = false, Duration = TimeSpan.FromMinutes(2) });

        await using var lease = await batch.AcquireAsync(ct);
        foreach (var step in steps)
        {
            await step();
            await lease.RenewAsync(ct); // two more minutes from now, or LeaseLostException
        }
        // end
    }

    public static async Task HandOver(ICoordinator coordinator, IOutbox queue, CancellationToken ct)
    {
        // snippet: lease-detach
        var upload = coordinator.CreateLock(
            "upload/17", new LeaseOptions { AutoRenew = false, Duration = TimeSpan.FromMinutes(2) });

        var lease = await upload.AcquireAsync(ct);
        var ticket = await lease.DetachAsync(ct); // from here on nobody renews it
        await queue.SendAsync(ticket, ct);
        // end
    }

    public static async Task TakeOver(ICoordinator coordinator, string ticket, CancellationToken ct)
    {
        // snippet: lease-attach
        var upload = coordinator.CreateLock("upload/17"); // renews itself again, if you like
        await using var lease = await upload.AttachAsync(ticket, ct); // the same fencing token
        // end
    }

    // snippet: fenced-write
    public static async Task SaveAsync(DbConnection connection, int id, decimal amount, FencingToken token, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            UPDATE invoices SET amount = @amount, fence = @token
            WHERE id = @id AND fence <= @token
            """;
        Add("@id", id);
        Add("@amount", amount);
        Add("@token", token.Value);
        if (await command.ExecuteNonQueryAsync(ct) == 0)
        {
            throw new InvalidOperationException($"Invoice {id} was written under a newer lease than {token}, or is not there.");
        }

        void Add(string name, object value)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
    }
    // end
}
