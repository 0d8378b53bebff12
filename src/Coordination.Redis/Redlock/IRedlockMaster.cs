using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>One of the independent masters, as the algorithm sees it: something that runs scripts and passes messages on.</summary>
internal interface IRedlockMaster : IAsyncDisposable
{
    /// <summary>Where it is, for messages.</summary>
    string Name { get; }

    /// <summary>Raised when a connection that was lost is back: what was published meanwhile was missed.</summary>
    event Action? Restored;

    /// <summary>Runs a script.</summary>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its keys and arguments, which several masters share.</param>
    /// <param name="operation">What it does, for the error.</param>
    /// <param name="resource">The resource it is about, for the error.</param>
    /// <param name="cancellationToken">Ends the call; what was sent may still be applied.</param>
    /// <returns>The reply.</returns>
    ValueTask<RedisResult> EvaluateAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken);

    /// <summary>Runs a script that the server does not know.</summary>
    /// <inheritdoc cref="EvaluateAsync"/>
    ValueTask<RedisResult> EvaluateTextAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken) =>
        EvaluateAsync(script, arguments, operation, resource, cancellationToken);

    /// <summary>Sends a script over a connection that is there: with nothing around it, a round has five of these.</summary>
    /// <param name="script">The script, by its hash.</param>
    /// <param name="arguments">Its keys and arguments, which the caller gives back.</param>
    /// <returns>The driver's own answer: its faults are the driver's, one of them that the server does not know the script. <see langword="null"/> where there is no connection yet, or other
    /// than a connection.</returns>
    Task<RedisResult>? TrySend(RedisScript script, RedisArguments arguments) => null;

    /// <summary>Passes messages of a channel on.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="handler">Who hears.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task SubscribeAsync(RedisChannel channel, Action<RedisChannel, RedisValue> handler, CancellationToken cancellationToken);

    /// <summary>Ends that. Nobody waits for the server's word on it.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="handler">Who heard.</param>
    void Unsubscribe(RedisChannel channel, Action<RedisChannel, RedisValue> handler);
}
