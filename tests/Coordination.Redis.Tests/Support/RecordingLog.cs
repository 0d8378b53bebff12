using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Coordination.Redis.Tests.Support;

/// <summary>Keeps what is logged.</summary>
public sealed class RecordingLog : ILoggerFactory, ILogger
{
    /// <summary>The events so far.</summary>
    public ConcurrentQueue<(int Id, LogLevel Level, string Text)> Events { get; } = new();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider)
    {
    }

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Events.Enqueue((eventId.Id, logLevel, formatter(state, exception)));

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Waits for an event.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The event.</returns>
    public async Task<(int Id, LogLevel Level, string Text)> OfAsync(int id)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (Events.All(e => e.Id != id))
        {
            await Task.Delay(10, limit.Token);
        }

        return Events.First(e => e.Id == id);
    }
}
