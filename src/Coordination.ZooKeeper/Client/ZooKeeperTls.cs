using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coordination.ZooKeeper.Client;

/// <summary>Certificates in files, as TLS wants them.</summary>
internal static class ZooKeeperTls
{
    /// <summary>Reads the files.</summary>
    /// <param name="authorities">A PEM file of the authorities that servers' certificates are checked against; <see langword="null"/> for the system's.</param>
    /// <param name="certificate">A PEM file of the client's certificate, or <see langword="null"/>.</param>
    /// <param name="key">A PEM file of its private key; <see langword="null"/> when it is in the certificate's file.</param>
    /// <returns>For <see cref="ZooKeeperClientOptions.Tls"/>.</returns>
    /// <exception cref="ArgumentException">A file cannot be read.</exception>
    public static Func<string, SslClientAuthenticationOptions> Read(string? authorities, string? certificate, string? key)
    {
        X509ChainPolicy? policy = null;
        if (authorities is not null)
        {
            var roots = new X509Certificate2Collection();
            Try("The file of the authorities", authorities, () => roots.ImportFromPemFile(authorities));
            policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(roots);
        }

        SslStreamCertificateContext? context = null;
        if (certificate is not null)
        {
            X509Certificate2? shown = null;
            Try("The file of the client's certificate", certificate, () => shown = X509Certificate2.CreateFromPemFile(certificate, key));
            if (OperatingSystem.IsWindows())
            {
                // Windows' TLS cannot use a key that lives in memory only.
                using var inMemory = shown!;
                shown = X509CertificateLoader.LoadPkcs12(inMemory.Export(X509ContentType.Pkcs12), password: null);
            }

            context = SslStreamCertificateContext.Create(shown!, additionalCertificates: null, offline: true);
        }

        return host => new SslClientAuthenticationOptions { TargetHost = host, CertificateChainPolicy = policy, ClientCertificateContext = context };
    }

    private static void Try(string what, string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"{what}, '{file}', could not be read: {exception.Message}", exception);
        }
    }
}
