using System.Security.Cryptography;
using System.Text;

namespace Coordination.Redis;

/// <summary>The scripts that run in the server: <c>Scripts/*.lua</c>, each behind <c>prelude.lua</c>.</summary>
internal static class RedisScripts
{
    private static readonly string Prelude = Read("prelude");

    /// <summary>Enters a claim, or says how it stands.</summary>
    public static RedisScript Claim { get; } = Load("claim");

    /// <summary>Removes claims.</summary>
    public static RedisScript Release { get; } = Load("release");

    /// <summary>Renews claims.</summary>
    public static RedisScript Renew { get; } = Load("renew");

    /// <summary>Changes a granted claim's value.</summary>
    public static RedisScript SetValue { get; } = Load("set_value");

    /// <summary>Renews a claim a last time, for another to take it over.</summary>
    public static RedisScript Detach { get; } = Load("detach");

    /// <summary>Takes a detached claim over.</summary>
    public static RedisScript Attach { get; } = Load("attach");

    /// <summary>Says who holds and who waits.</summary>
    public static RedisScript Inspect { get; } = Load("inspect");

    private static RedisScript Load(string name) => new(name, Prelude + Read(name));

    private static string Read(string name)
    {
        using var stream = typeof(RedisScripts).Assembly.GetManifestResourceStream($"Coordination.Redis.Scripts.{name}.lua")
            ?? throw new InvalidOperationException($"The script {name} is not in the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}

/// <summary>One script.</summary>
internal sealed class RedisScript
{
    /// <summary>Makes a script.</summary>
    /// <param name="name">For logs.</param>
    /// <param name="text">Its text.</param>
    public RedisScript(string name, string text)
    {
        Name = name;
        Text = text;
#pragma warning disable CA5350 // SHA-1 is how Redis names scripts; nothing here rests on it being hard to collide.
        Hash = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
    }

    /// <summary>For logs.</summary>
    public string Name { get; }

    /// <summary>What EVAL is given when the server does not know the hash.</summary>
    public string Text { get; }

    /// <summary>What EVALSHA is given.</summary>
    public byte[] Hash { get; }
}
