namespace Snippets;

/// <summary>What the examples work on. Never shown.</summary>
public sealed record Invoice(int Id, decimal Amount);

public interface IInvoiceStore
{
    Task SaveAsync(Invoice invoice, FencingToken token, CancellationToken ct);
}

public interface IScheduler
{
    Task RunAsync(FencingToken term, CancellationToken ct);
}

public interface IOutbox
{
    Task SendAsync(string text, CancellationToken ct);
}
