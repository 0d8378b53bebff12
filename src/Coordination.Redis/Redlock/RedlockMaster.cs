using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>A real master, behind the driver's connection.</summary>
internal sealed class RedlockMaster : IRedlockMaster
{
    private readonly RedisConnection _connection;

    /// <summary>Speaks to a server.</summary>
    /// <param name="name">Where it is.</param>
    /// <param name="connection">The connection, which is disposed with it.</param>
    public RedlockMaster(string name, RedisConnection connection)
    {
        Name = name;
        _connection = connection;
        _connection.Restored += () => Restored?.Invoke();
    }

    /// <inheritdoc/>
    public event Action? Restored;

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public ValueTask<RedisResult> EvaluateAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken) =>
        _connection.EvaluateAsync(script, arguments, operation, resource, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RedisResult> EvaluateTextAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken) =>
        _connection.EvaluateTextAsync(script, arguments, operation, resource, cancellationToken);

    /// <inheritdoc/>
    public Task<RedisResult>? TrySend(RedisScript script, RedisArguments arguments) => _connection.TrySend(script, arguments);

    /// <inheritdoc/>
    public Task SubscribeAsync(RedisChannel channel, Action<RedisChannel, RedisValue> handler, CancellationToken cancellationToken) =>
        _connection.SubscribeAsync(channel, handler, cancellationToken);

    /// <inheritdoc/>
    public void Unsubscribe(RedisChannel channel, Action<RedisChannel, RedisValue> handler)
    {
        try
        {
            _connection.Subscriber.Unsubscribe(channel, handler, CommandFlags.FireAndForget);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
        {
            // Never connected, or gone: nothing is heard from it anyway.
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Restored = null;
        return _connection.DisposeAsync();
    }
}
